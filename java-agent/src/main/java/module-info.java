import org.jspecify.annotations.NullMarked;

/** The compute hypervisor, its command line and its service. */
@NullMarked
module dev.lull.agent {
    requires transitive dev.lull.paravirt;
    requires static org.jspecify;
    requires info.picocli;
    requires HdrHistogram;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.transport;
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;
    requires org.slf4j;
    requires org.tukaani.xz;
    requires com.github.luben.zstd_jni;
    requires org.lz4.java;
    requires tools.jackson.core;

    exports dev.lull.agent.boot;
    exports dev.lull.agent.cli;
    exports dev.lull.agent.client;
    exports dev.lull.agent.control.daemon;
    exports dev.lull.agent.devices;
    exports dev.lull.agent.idle;
    exports dev.lull.agent.machine;
    exports dev.lull.agent.probe;

    opens dev.lull.agent.cli to
            info.picocli;
    opens dev.lull.agent.cli.idle to
            info.picocli;
    opens dev.lull.agent.cli.top to
            info.picocli;
    opens dev.lull.agent.cli.vm to
            info.picocli;

    provides org.slf4j.spi.SLF4JServiceProvider with
            dev.lull.agent.control.log.ServiceLogProvider;
}
