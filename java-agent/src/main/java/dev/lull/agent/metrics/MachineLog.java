package dev.lull.agent.metrics;

import dev.lull.agent.machine.ExitReason;
import dev.lull.agent.machine.ExitStats;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * A machine's times as a histogram log, which HdrHistogram's own tools read, in nanoseconds: of handling an exit, for each vCPU
 * and reason, tagged {@code vcpu0-io}; from queue to completion, for each device and operation, tagged {@code disk0.read}.
 */
public final class MachineLog {
    private final long startMillis;

    /** @param startMillis when the machine was made, in milliseconds since 1970 */
    public MachineLog(long startMillis) {
        this.startMillis = startMillis;
    }

    /** The log's bytes, of a machine whose exits were timed and that ended at {@code endMillis}. */
    public byte[] of(List<ExitStats> vcpus, List<DeviceStats> devices, long endMillis) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        HistogramLogWriter writer = new HistogramLogWriter(bytes);
        writer.outputComment(
                "[Lull: nanoseconds to handle an exit of the guest, by vCPU and reason, and to carry out a device's request]");
        writer.outputLogFormatVersion();
        writer.outputStartTime(startMillis);
        writer.setBaseTime(startMillis);
        writer.outputLegend();
        for (int id = 0; id < vcpus.size(); id++) {
            for (int reason = 0; reason < ExitReason.COUNT; reason++) {
                Histogram nanos = vcpus.get(id).handlingNanos(reason);
                if (nanos != null) {
                    write(writer, nanos.copy(), "vcpu" + id + "-" + ExitReason.name(reason), endMillis);
                }
            }
        }
        for (DeviceStats device : devices) {
            for (RequestStats stats : device.requests()) {
                if (stats.requests() > 0) {
                    write(writer, stats.nanos(), stats.name(), endMillis);
                }
            }
        }
        writer.close();
        return bytes.toByteArray();
    }

    private void write(HistogramLogWriter writer, Histogram nanos, String tag, long endMillis) {
        nanos.setTag(tag);
        nanos.setStartTimeStamp(startMillis);
        nanos.setEndTimeStamp(endMillis);
        writer.outputIntervalHistogram(nanos);
    }
}
