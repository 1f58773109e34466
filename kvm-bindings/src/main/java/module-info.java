import org.jspecify.annotations.NullMarked;

/** Typed handles over Linux, KVM and VFIO file descriptors. The only module that links native functions. */
@NullMarked
module dev.lull.bindings {
    requires static transitive org.jspecify;

    exports dev.lull.idle;
    exports dev.lull.linux;
    exports dev.lull.kvm;
}
