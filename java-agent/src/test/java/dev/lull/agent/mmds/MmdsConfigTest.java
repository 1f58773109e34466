package dev.lull.agent.mmds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.machine.ConfigException;
import dev.lull.device.virtio.net.FrameDetour;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A service is configured in Firecracker's bounds, and reached on the network devices that are named. */
class MmdsConfigTest {
    private static MmdsConfig at(String address) {
        return new MmdsConfig(MmdsVersion.V2, List.of("eth0"), address, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"169.254.1.0", "169.254.169.254", "169.254.170.2", "169.254.254.255"})
    void aLinkLocalAddressWillDo(String address) {
        assertThat(at(address).ipv4Address()).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(strings = {"169.254.0.1", "169.254.255.1", "169.253.1.1", "10.0.0.1", "0.0.0.0", "255.255.255.255"})
    void anotherAddressWillNot(String address) {
        assertThatThrownBy(() -> at(address))
                .isInstanceOf(ConfigException.class)
                .hasMessage("The MMDS IPv4 address is not link local.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "169.254.1", "169.254.1.1.1", "169.254.1.256", "169.254.01.1", "169.254.1.-1", "::1", "host"
            })
    void whatIsNoAddressIsNamed(String address) {
        assertThatThrownBy(() -> at(address))
                .isInstanceOf(ConfigException.class)
                .hasMessage("'" + address + "' is no IPv4 address, which is written like 169.254.169.254");
    }

    @Test
    void theAddressIsANumber() {
        assertThat(new MmdsConfig(MmdsVersion.V1, List.of("eth0")).addressBits())
                .isEqualTo(0xa9fea9fe);
    }

    @Test
    void aServiceIsReachedOnTheDevicesThatAreNamed() {
        Mmds mmds = new Mmds("vm", MmdsStore.DEFAULT_LIMIT_BYTES);
        assertThat(mmds.config()).isNull();
        assertThat(mmds.detourFor("eth0")).isNull();
        MmdsConfig config = new MmdsConfig(MmdsVersion.V2, List.of("eth0", "eth2"));
        mmds.configure(config, List.of("eth0", "eth1", "eth2"));
        assertThat(mmds.config()).isEqualTo(config);
        assertThat(mmds.detourFor("eth1")).isNull();
        Supplier<FrameDetour> detour = mmds.detourFor("eth2");
        assertThat(detour).isNotNull();
        assertThat(detour.get()).isNotNull().isNotSameAs(detour.get());
    }

    @Test
    void aDeviceThatIsNotThereIsRefused() {
        Mmds mmds = new Mmds("vm", MmdsStore.DEFAULT_LIMIT_BYTES);
        MmdsConfig config = new MmdsConfig(MmdsVersion.V2, List.of("eth0", "eth1"));
        assertThatThrownBy(() -> mmds.configure(config, List.of("eth0")))
                .isInstanceOf(ConfigException.class)
                .hasMessage("The list of network interface IDs provided contains at least one ID that does not "
                        + "correspond to any existing network interface.");
        assertThat(mmds.config()).isNull();
        assertThatThrownBy(() -> new MmdsConfig(MmdsVersion.V2, List.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessage("The list of network interface IDs that allow forwarding MMDS requests is empty.");
    }
}
