package dev.lull.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test runs only where the host has these facilities. Elsewhere it is skipped, and a line says why:
 * {@code SKIPPED dev.lull.kvm.PortIoTest: needs KVM: there is no /dev/kvm}.
 *
 * <p>The environment variable {@value RequiresCondition#PRESENT} lists facilities the host is known to have
 * ({@code KVM,ROOT}): a test that would be skipped for want of one of them fails instead.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(RequiresCondition.class)
public @interface Requires {
    /** What is needed. */
    Facility[] value();
}
