package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Drive;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The kernel's command line, from what is configured. */
final class CommandLine {
    /** What Firecracker gives a kernel that is given nothing. */
    static final String DEFAULT =
            "reboot=k panic=1 nomodule 8250.nr_uarts=0 i8042.noaux i8042.nomux i8042.dumbkbd " + "swiotlb=noforce";

    /** Clients of Firecracker, whose devices once were not on PCI, say so; Lull's are. */
    private static final String NO_PCI = "pci=off";

    private CommandLine() {}

    /** The arguments, and where the root device is. */
    static String of(VmSettings settings) {
        String given =
                settings.bootSource() == null ? null : settings.bootSource().bootArgs();
        List<String> arguments = new ArrayList<>();
        for (String argument : (given == null ? DEFAULT : given).split(" ", -1)) {
            if (!argument.equals(NO_PCI) && !argument.isEmpty()) {
                arguments.add(argument);
            }
        }
        Drive root = root(settings);
        if (root != null) {
            arguments.add(root.partuuid() == null ? "root=/dev/vda" : "root=PARTUUID=" + root.partuuid());
            arguments.add(root.isReadOnly() ? "ro" : "rw");
        }
        return String.join(" ", arguments);
    }

    /** Whether an argument is left out that would hide all devices. */
    static boolean hidesDevices(@Nullable String given) {
        return given != null && List.of(given.split(" ", -1)).contains(NO_PCI);
    }

    private static @Nullable Drive root(VmSettings settings) {
        return settings.drives().stream()
                .filter(Drive::isRootDevice)
                .findFirst()
                .orElse(null);
    }
}
