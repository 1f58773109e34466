package dev.lull.agent.control.log;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;

/** The loggers of the service's log, and how much they log. */
public final class ServiceLoggers implements ILoggerFactory {
    private static final ServiceLoggers OF_PROCESS = new ServiceLoggers(ServiceLog.ofProcess());

    private final ServiceLog log;
    private final ConcurrentMap<String, ServiceLogger> loggers = new ConcurrentHashMap<>();
    private volatile LogLevels levels = LogLevels.DEFAULT;

    ServiceLoggers(ServiceLog log) {
        this.log = log;
    }

    static ServiceLoggers ofProcess() {
        return OF_PROCESS;
    }

    /**
     * Sets how much this process logs from now on.
     *
     * @param text a level, or one and what differs for some loggers or packages: {@code info,io.netty=debug}
     * @throws dev.lull.agent.machine.ConfigException if that is none, with a line for the user
     */
    public static void setLevels(String text) {
        OF_PROCESS.set(LogLevels.parse(text));
    }

    void set(LogLevels newLevels) {
        levels = newLevels;
        loggers.forEach((name, logger) -> logger.setLevel(newLevels.of(name)));
    }

    @Override
    public Logger getLogger(String name) {
        return loggers.computeIfAbsent(name, made -> new ServiceLogger(made, log, levels.of(made)));
    }
}
