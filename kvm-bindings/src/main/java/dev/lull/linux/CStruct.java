package dev.lull.linux;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The annotated class lays out a C structure: {@code SIZE} is its {@code sizeof}, every other {@code static final}
 * number the {@code offsetof} the member of the same name in lower case, in bytes.
 *
 * <p>A double underscore in a constant's name stands for a dot: {@code IO__PORT} is the member {@code io.port}. A test
 * compiles {@code _Static_assert}s for all of them against the kernel's headers.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface CStruct {
    /** The structure's tag, for example {@code kvm_regs}. */
    String value();

    /** The header that defines it, as written in an {@code #include <…>}. */
    String header();
}
