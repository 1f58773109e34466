package dev.lull.agent.control.log;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that logs what its arguments say. */
final class LogLines {
    private LogLines() {}

    public static void main(String[] arguments) {
        Logger logger = LoggerFactory.getLogger(LogLines.class);
        if (arguments.length > 1) {
            ServiceLoggers.setLevels(arguments[1]);
        }
        logger.error("{} is wrong", arguments[0], new IllegalStateException("bad\nluck"));
        logger.warn("{} is odd", arguments[0]);
        logger.info("{} is so", arguments[0]);
        logger.debug("{} is small", arguments[0]);
        logger.trace("{} is tiny", arguments[0]);
    }
}
