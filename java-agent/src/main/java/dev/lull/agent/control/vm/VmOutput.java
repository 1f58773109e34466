package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Logger;
import dev.lull.agent.control.dialect.Metrics;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.dialect.Serial;
import dev.lull.agent.control.log.LogLevel;
import dev.lull.agent.control.log.MetricsFile;
import dev.lull.agent.control.log.VmLog;
import dev.lull.agent.json.Json;
import dev.lull.device.legacy.SerialPort;
import dev.lull.linux.LinuxException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Where a virtual machine's console, log and metrics go, as it is configured. */
public final class VmOutput implements AutoCloseable {
    private final MicroVm vm;
    private final VmLog log;
    private final LongAdder requests = new LongAdder();
    private final LongAdder refusals = new LongAdder();
    private @Nullable SerialFile serialFile;
    private @Nullable SerialLimit serialLimit;
    private @Nullable MetricsFile metricsFile;
    private @Nullable Metrics metrics;

    VmOutput(MicroVm vm) {
        this.vm = vm;
        log = new VmLog(vm.id());
    }

    /** A request came to the machine's API; Firecracker's tools look for this line. */
    public void apiRequest(String description) {
        requests.increment();
        log.log(LogLevel.INFO, "The API server received a " + description + ".");
    }

    /** It was done. */
    void apiSuccess(boolean withBody) {
        log.log(
                LogLevel.INFO,
                withBody
                        ? "The request was executed successfully. Status code: 200 OK."
                        : "The request was executed successfully. Status code: 204 No Content.");
    }

    /** It was refused. */
    public void apiError(int status, String message) {
        refusals.increment();
        String reason = switch (status) {
            case 400 -> " Bad Request";
            case 413 -> " Payload too large";
            default -> "";
        };
        log.log(LogLevel.ERROR, "Received Error. Status code: " + status + reason + ". Message: " + message);
    }

    /** Something is amiss. */
    void warn(String message) {
        log.log(LogLevel.WARN, message);
    }

    void setLogger(Logger logger) {
        VmLog.Format old = log.format();
        if (logger.logPath() != null) {
            try {
                log.setPath(logger.logPath());
            } catch (LinuxException e) {
                throw new RefusalException("Logger error: Failed to open target file: " + e.getMessage());
            }
        }
        log.setFormat(new VmLog.Format(
                logger.level() == null ? old.level() : LogLevel.of(logger.level()),
                logger.showLevel() == null ? old.showLevel() : logger.showLevel(),
                logger.showLogOrigin() == null ? old.showOrigin() : logger.showLogOrigin(),
                logger.module() == null ? old.module() : logger.module()));
        vm.setSettings(vm.settings().with(logger.over(vm.settings().logger())));
    }

    void setMetrics(Metrics newMetrics) {
        if (metricsFile != null) {
            throw new RefusalException(
                    "Metrics error: Cannot initialize the metrics system due to bad user input: Reinitialization of metrics not allowed.");
        }
        try {
            metricsFile = new MetricsFile(newMetrics.metricsPath());
        } catch (LinuxException e) {
            throw new RefusalException(
                    "Metrics error: Cannot initialize the metrics system due to bad user input: " + e.getMessage());
        }
        metrics = newMetrics;
        vm.setSettings(vm.settings().with(newMetrics));
    }

    /** Writes a line of metrics, if there is somewhere to write it; without waiting. */
    public void flushMetrics() {
        MetricsFile file = metricsFile;
        Metrics wanted = metrics;
        if (file != null && wanted != null) {
            SerialLimit limit = serialLimit;
            SerialFile serial = serialFile;
            long dropped = (limit == null ? 0 : limit.droppedBytes()) + (serial == null ? 0 : serial.droppedBytes());
            file.write(Json.text(VmMetrics.of(
                    vm,
                    wanted,
                    new VmMetrics.Lost(requests.sum(), refusals.sum(), log.lostLines(), file.lostLines(), dropped))));
        }
    }

    /** Whether metrics go anywhere. */
    public boolean hasMetrics() {
        return metricsFile != null;
    }

    /** Where the guest's console goes from its start on, until {@link #closeConsole}. */
    SerialPort.Output console(@Nullable Serial serial) {
        SerialPort.Output output = vm.site().console();
        if (serial != null && serial.outPath() != null) {
            try {
                SerialFile file = new SerialFile(serial.outPath());
                serialFile = file;
                output = file;
            } catch (LinuxException e) {
                throw new RefusalException("Start microvm error: Error opening the serial output: " + e.getMessage());
            }
        }
        if (serial != null
                && serial.rateLimiter() != null
                && serial.rateLimiter().limits()) {
            SerialLimit limit = new SerialLimit(output, serial.rateLimiter());
            serialLimit = limit;
            output = limit;
        }
        return output;
    }

    /** The machine has ended. */
    void ended() {
        flushMetrics();
        closeConsole();
    }

    /** What {@link #console} opened is closed; no guest writes to it any more. */
    void closeConsole() {
        if (serialFile != null) {
            serialFile.close();
            serialFile = null;
        }
        serialLimit = null;
    }

    @Override
    public void close() {
        ended();
        if (metricsFile != null) {
            metricsFile.close();
        }
        log.close();
    }
}
