package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;
import java.time.Duration;

/** The shell on a guest's serial console. */
final class GuestShell {
    private final Machine machine;
    private final GuestConsole console;
    private Duration limit = LinuxGuest.LIMIT;
    private int commands;

    private GuestShell(Machine machine, GuestConsole console) {
        this.machine = machine;
        this.console = console;
        console.follow(machine);
    }

    /** Logs in as root, who has no password, on a guest that shows {@code login: }. */
    static GuestShell login(Machine machine, GuestConsole console, Duration limit) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!console.text().contains(" login: ")) {
            assertThat(System.nanoTime()).as(console.text()).isLessThan(deadlineNanos);
            Thread.sleep(50);
        }
        GuestConsole.type(machine, "root");
        console.await("Debian GNU/Linux comes with", limit);
        GuestConsole.type(machine, "exec env TERM=dumb bash --noediting");
        GuestShell shell = new GuestShell(machine, console);
        shell.makeQuiet();
        return shell;
    }

    /** Gives commands longer than usual. */
    GuestShell patient(Duration commandLimit) {
        limit = commandLimit;
        return this;
    }

    /** Waits for the shell of a guest that was started with {@code lull.do=shell}. */
    static GuestShell await(Machine machine, GuestConsole console) throws InterruptedException {
        console.await("lull-guest: init", LinuxGuest.LIMIT);
        GuestShell shell = new GuestShell(machine, console);
        shell.makeQuiet();
        return shell;
    }

    private void makeQuiet() throws InterruptedException {
        GuestConsole.type(machine, "stty -echo; PS1=; PS2=; PROMPT_COMMAND=; echo ready-$((6 * 7))");
        console.await("ready-42", LinuxGuest.LIMIT);
    }

    /** What {@code command} writes; it must succeed. */
    String run(String command) throws InterruptedException {
        String before = console.text();
        String mark = "done-" + commands++ + "=";
        GuestConsole.type(machine, command + "\necho " + mark + "$?");
        String status = console.await(mark, limit);
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
