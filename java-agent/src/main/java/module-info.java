import org.jspecify.annotations.NullMarked;

/** The compute hypervisor, its command line and its service. */
@NullMarked
module dev.lull.agent {
    requires transitive dev.lull.paravirt;
    requires static org.jspecify;
    requires info.picocli;
    requires HdrHistogram;
    requires org.tukaani.xz;
    requires com.github.luben.zstd_jni;
    requires org.lz4.java;

    exports dev.lull.agent.boot;
    exports dev.lull.agent.cli;
    exports dev.lull.agent.devices;
    exports dev.lull.agent.machine;

    opens dev.lull.agent.cli to
            info.picocli;
}
