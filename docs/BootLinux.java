import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import java.nio.file.Path;

/** Boots the kernel named first, with the initrd named second if any, until it powers off. */
void main(String[] arguments) throws InterruptedException {
    var config = MachineConfig.kernel(Path.of(arguments[0])).consoleOutput(System.out::write);
    if (arguments.length > 1) {
        config.initrd(Path.of(arguments[1])).commandLine("console=ttyS0 quiet");
    }
    try (var machine = Machine.create(config.memoryBytes(256 << 20).build())) {
        machine.start();
        System.out.println(machine.awaitEnd().message());
    }
}
