package dev.lull.agent.metrics;

import dev.lull.agent.machine.ExitReason;
import dev.lull.agent.machine.ExitStats;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * A machine's exits as a histogram log, which HdrHistogram's own tools read: one histogram of handling times in
 * nanoseconds for each vCPU and reason, tagged {@code vcpu0-io}.
 */
public final class ExitLog {
    private final long startMillis;

    /** @param startMillis when the machine was made, in milliseconds since 1970 */
    public ExitLog(long startMillis) {
        this.startMillis = startMillis;
    }

    /** The log's bytes, of a machine whose exits were timed and that ended at {@code endMillis}. */
    public byte[] of(List<ExitStats> vcpus, long endMillis) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        HistogramLogWriter writer = new HistogramLogWriter(bytes);
        writer.outputComment("[Lull: time to handle an exit of the guest, in nanoseconds, by vCPU and exit reason]");
        writer.outputLogFormatVersion();
        writer.outputStartTime(startMillis);
        writer.setBaseTime(startMillis);
        writer.outputLegend();
        for (int id = 0; id < vcpus.size(); id++) {
            for (int reason = 0; reason < ExitReason.COUNT; reason++) {
                Histogram nanos = vcpus.get(id).handlingNanos(reason);
                if (nanos != null) {
                    Histogram tagged = nanos.copy();
                    tagged.setTag("vcpu" + id + "-" + ExitReason.name(reason));
                    tagged.setStartTimeStamp(startMillis);
                    tagged.setEndTimeStamp(endMillis);
                    writer.outputIntervalHistogram(tagged);
                }
            }
        }
        writer.close();
        return bytes.toByteArray();
    }
}
