package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;

/** The shell on a guest's serial console. */
final class GuestShell {
    private final Machine machine;
    private final GuestConsole console;
    private int commands;

    private GuestShell(Machine machine, GuestConsole console) {
        this.machine = machine;
        this.console = console;
    }

    /** Waits for the shell of a guest that was started with {@code lull.do=shell}. */
    static GuestShell await(Machine machine, GuestConsole console) throws InterruptedException {
        console.await("lull-guest: init", LinuxGuest.LIMIT);
        GuestShell shell = new GuestShell(machine, console);
        GuestConsole.type(machine, "stty -echo; PS1=; PS2=; echo ready-$((6 * 7))");
        console.await("ready-42", LinuxGuest.LIMIT);
        return shell;
    }

    /** What {@code command} writes; it must succeed. */
    String run(String command) throws InterruptedException {
        String before = console.text();
        String mark = "done-" + commands++ + "=";
        GuestConsole.type(machine, command + "\necho " + mark + "$?");
        String status = console.await(mark, LinuxGuest.LIMIT);
        String text = console.text().substring(before.length());
        String output = text.substring(0, text.indexOf(mark)).replace("\r", "").strip();
        assertThat(status).as(command + "\n" + output).isEqualTo("0");
        return output;
    }

    /** Ends the guest. */
    void powerOff() throws InterruptedException {
        GuestConsole.type(machine, "poweroff -f");
    }
}
