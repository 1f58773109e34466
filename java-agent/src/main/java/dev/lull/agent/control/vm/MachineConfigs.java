package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.BootSource;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.ScaledCounterConfig;

/** How what is configured becomes a machine. */
final class MachineConfigs {
    private MachineConfigs() {}

    static MachineConfig of(MicroVm vm, BootSource source) {
        VmSettings settings = vm.settings();
        VmSite site = vm.site();
        MachineConfig.Builder builder = MachineConfig.kernel(source.kernelImagePath())
                .name(vm.id())
                .commandLine(CommandLine.of(settings))
                .memoryBytes(settings.machine().memSizeMib() << 20)
                .vcpus(settings.machine().vcpuCount())
                .pin(settings.machine().cpuPins())
                .hugePages(settings.machine().hugePages().equals("2M"))
                .hotplug(true)
                .keyboard(true)
                .consoleOutput(vm.output().console(settings.serial()))
                .warnings(vm::warn)
                .onBoot(site.onBoot())
                .onEnd(vm::onEnd);
        DeviceConfigs.all(settings, vm.mmds()).forEach(builder::device);
        if (source.initrdPath() != null) {
            builder.initrd(source.initrdPath());
        }
        if (settings.machine().counterHz() != 0) {
            builder.scaledCounter(new ScaledCounterConfig(settings.machine().counterHz(), 1));
        }
        if (site.countersFile() != null) {
            builder.countersFile(site.countersFile());
        }
        return builder.build();
    }
}
