import org.jspecify.annotations.NullMarked;

/** Measurements: micro-benchmarks, scenarios, and the one shape their results have. May use every module; none uses it. */
@NullMarked
module dev.lull.perf {
    requires dev.lull.agent;
    requires static org.jspecify;
    requires info.picocli;
    requires HdrHistogram;
    requires com.sun.jna;
    requires jmh.core;

    exports dev.lull.perf.bench;
    exports dev.lull.perf.boot;
    exports dev.lull.perf.counter;
    exports dev.lull.perf.exit;
    exports dev.lull.perf.guest;
    exports dev.lull.perf.idle;
    exports dev.lull.perf.load;
    exports dev.lull.perf.report;
    exports dev.lull.perf.start;
    exports dev.lull.perf.worker;

    opens dev.lull.perf.boot to
            info.picocli;
    opens dev.lull.perf.counter to
            info.picocli;
    opens dev.lull.perf.exit to
            info.picocli;
    opens dev.lull.perf.idle to
            info.picocli;
    opens dev.lull.perf.load to
            info.picocli;
    opens dev.lull.perf.report to
            info.picocli;
    opens dev.lull.perf.start to
            info.picocli;
}
