package dev.lull.agent.cli.vm;

import dev.lull.agent.client.VmInfo;
import dev.lull.agent.metrics.TextTable;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Virtual machines as a person reads them. */
final class VmText {
    private static final long MIB_PER_GIB = 1024;

    private VmText() {}

    /** What a machine is and does, in a line. */
    static String line(VmInfo vm) {
        VmInfo.End end = vm.lastEnd();
        return vm.id() + ": " + vm.state() + (vm.isAlive() || end == null ? "" : ", " + end.message());
    }

    /** A line a machine, and one of headings. */
    static String table(List<VmInfo> vms, Instant now) {
        if (vms.isEmpty()) {
            return "There are no machines. Make one with: lull vm create ID --kernel FILE ...; see: lull vm create --help";
        }
        TextTable table = new TextTable("llrrrl").row("ID", "STATE", "vCPUs", "MEMORY", "UP", "LAST END");
        for (VmInfo vm : vms) {
            VmInfo.End end = vm.lastEnd();
            table.row(
                    vm.id(),
                    vm.state(),
                    Integer.toString(vm.vcpuCount()),
                    memory(vm.memoryMib()),
                    vm.isAlive() ? since(vm.startedAt(), now) : "-",
                    end == null ? "-" : end.message() + ", " + since(end.at(), now) + " ago");
        }
        return table.toString();
    }

    /** All that is known of a machine. */
    static String sheet(VmInfo vm, Instant now) {
        TextTable sheet = new TextTable("ll")
                .row("id", vm.id())
                .row("uuid", vm.uuid())
                .row("state", vm.state())
                .row("vCPUs", Integer.toString(vm.vcpuCount()))
                .row("memory", memory(vm.memoryMib()))
                .row("created", moment(vm.createdAt(), now));
        if (vm.startedAt() != null) {
            sheet.row("started", moment(vm.startedAt(), now));
        }
        VmInfo.End end = vm.lastEnd();
        if (end != null) {
            sheet.row("last end", end.message() + " (" + end.kind() + "), " + moment(end.at(), now));
        }
        sheet.row("devices", devices(vm))
                .row("API", vm.apiSocket().toString())
                .row("console", vm.consoleSocket() + "   (lull vm console " + vm.id() + ")");
        if (vm.countersFile() != null) {
            sheet.row("counters", vm.countersFile().toString());
        }
        return sheet.toString();
    }

    /** Memory in the largest unit that says it exactly. */
    static String memory(long mib) {
        return mib > 0 && mib % MIB_PER_GIB == 0 ? mib / MIB_PER_GIB + " GiB" : mib + " MiB";
    }

    private static String devices(VmInfo vm) {
        return vm.devices().isEmpty()
                ? "none"
                : vm.devices().stream()
                        .map(device -> device.id() + " (" + device.kind() + ")")
                        .collect(Collectors.joining(", "));
    }

    private static String moment(String at, Instant now) {
        return at + ", " + since(at, now) + " ago";
    }

    /** How long ago {@code at} was, in its two largest units. */
    static String since(@Nullable String at, Instant now) {
        if (at == null) {
            return "-";
        }
        Duration time;
        try {
            time = Duration.between(Instant.parse(at), now);
        } catch (DateTimeParseException e) {
            return at;
        }
        if (time.toDays() > 0) {
            return time.toDays() + "d " + time.toHoursPart() + "h";
        }
        if (time.toHours() > 0) {
            return time.toHours() + "h " + time.toMinutesPart() + "m";
        }
        return time.toMinutes() > 0
                ? time.toMinutes() + "m " + time.toSecondsPart() + "s"
                : Math.max(time.toSeconds(), 0) + "s";
    }
}
