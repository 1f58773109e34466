package dev.lull.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** {@link Requires} skips, is counted, and does not let CI skip what its host has. */
class RequiresTest {
    private static int runs;

    /** Run by the test below, through a launcher of its own; alone it has nothing to show. */
    static class Fixture {
        @Test
        @Requires(Facility.LAB)
        @Tag("fixture")
        void runsInTheLabOnly() {
            runs++;
        }
    }

    @Test
    void whatLacksItsFacilityIsSkippedAndCounted() {
        runs = 0;
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectClass(Fixture.class))
                                .build(),
                        listener);
        boolean here = Facility.LAB.missing().isEmpty();
        assertThat(runs).isEqualTo(here ? 1 : 0);
        assertThat(listener.getSummary().getTestsSkippedCount()).isEqualTo(here ? 0 : 1);
    }

    @Test
    void aPromisedFacilityIsRecognizedByItsWholeName() {
        assertThat(RequiresCondition.isPromised(Facility.KVM, "ROOT,KVM")).isTrue();
        assertThat(RequiresCondition.isPromised(Facility.KVM, "HARDWARE_KVM")).isFalse();
        assertThat(RequiresCondition.isPromised(Facility.KVM, null)).isFalse();
    }
}
