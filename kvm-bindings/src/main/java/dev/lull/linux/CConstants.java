package dev.lull.linux;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Every {@code static final} number of the annotated class has the name and the value of a C constant.
 *
 * <p>A test compiles {@code _Static_assert}s for all of them against the kernel's headers.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface CConstants {
    /** Headers that define the constants, as written in an {@code #include <…>}. */
    String[] value();
}
