package dev.lull.agent.control.daemon;

import dev.lull.agent.control.http.HttpResponse;
import dev.lull.agent.control.vm.IdleTime;
import dev.lull.agent.control.vm.VmIdle;
import dev.lull.agent.control.vm.VmState;
import dev.lull.agent.machine.ExitReason;
import dev.lull.agent.machine.ExitStats;
import dev.lull.agent.machine.Machine;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** The machines' metrics in Prometheus's text format, read at the moment they are asked for. */
final class Scrape {
    private static final int OK = 200;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double[] QUANTILES = {0.5, 0.9, 0.99, 0.999, 1};

    private final Vms vms;
    private final IdleTime idle;
    private final PrometheusTextFormatWriter writer =
            PrometheusTextFormatWriter.builder().build();

    Scrape(Vms vms, IdleTime idle) {
        this.vms = vms;
        this.idle = idle;
    }

    HttpResponse text() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            writer.write(bytes, snapshots());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new HttpResponse(OK, PrometheusTextFormatWriter.CONTENT_TYPE, bytes.toByteArray(), Map.of());
    }

    private MetricSnapshots snapshots() {
        Collection<HostedVm> all = vms.all();
        Figures figures = new Figures();
        for (VmState state : VmState.values()) {
            long count = all.stream().filter(vm -> vm.vm().state() == state).count();
            figures.states.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(Labels.of("state", state.text()))
                    .value((double) count)
                    .build());
        }
        for (HostedVm vm : all) {
            vm.vm()
                    .read(
                            machine -> {
                                figures.add(vm.vm().id(), machine);
                                return true;
                            },
                            false);
        }
        List<MetricSnapshot> snapshots = new ArrayList<>(figures.snapshots());
        snapshots.addAll(idle(all).snapshots());
        return new MetricSnapshots(snapshots);
    }

    private IdleFigures idle(Collection<HostedVm> all) {
        IdleFigures figures = new IdleFigures();
        for (HostedVm vm : all) {
            VmIdle watched = vm.vm().idle();
            if (watched != null) {
                figures.add(vm.vm().id(), watched.view());
            }
        }
        idle.cpus().forEach(figures::add);
        return figures;
    }

    static SummarySnapshot.SummaryDataPointSnapshot times(Histogram nanos, Labels labels) {
        Quantiles.Builder quantiles = Quantiles.builder();
        for (double quantile : QUANTILES) {
            quantiles.quantile(new Quantile(quantile, nanos.getValueAtPercentile(quantile * 100) / NANOS_PER_SECOND));
        }
        return SummarySnapshot.SummaryDataPointSnapshot.builder()
                .labels(labels)
                .count(nanos.getTotalCount())
                .sum(nanos.getMean() * nanos.getTotalCount() / NANOS_PER_SECOND)
                .quantiles(quantiles.build())
                .build();
    }

    static CounterSnapshot.Builder counter(String name, String help) {
        return CounterSnapshot.builder().name(name).help(help);
    }

    static CounterSnapshot.CounterDataPointSnapshot point(double value, Labels labels) {
        return CounterSnapshot.CounterDataPointSnapshot.builder()
                .value(value)
                .labels(labels)
                .build();
    }

    /** Each family in the making. */
    private static final class Figures {
        final GaugeSnapshot.Builder states =
                GaugeSnapshot.builder().name("lull_vms").help("Virtual machines by what they are doing.");
        private final CounterSnapshot.Builder exits =
                counter("lull_vcpu_exits", "How often a vCPU left the guest for its monitor, by KVM's reason.");
        private final CounterSnapshot.Builder failures =
                counter("lull_device_request_failures", "Requests the guest was told had failed.");
        private final CounterSnapshot.Builder bytes =
                counter("lull_device_request_bytes", "Bytes that requests moved.");
        private final CounterSnapshot.Builder events =
                counter("lull_device_events", "What else a device counted, by its name.");
        private final SummarySnapshot.Builder requests = SummarySnapshot.builder()
                .name("lull_device_request_seconds")
                .help("Requests, and how long they took from the queue to completion since the machine's start.");

        void add(String vm, Machine machine) {
            List<ExitStats> stats = machine.exitStats();
            for (int vcpu = 0; vcpu < stats.size(); vcpu++) {
                for (int reason = 0; reason < ExitReason.COUNT; reason++) {
                    long count = stats.get(vcpu).count(reason);
                    if (count > 0) {
                        exits.dataPoint(point(
                                (double) count,
                                Labels.of(
                                        "vm", vm, "vcpu", Integer.toString(vcpu), "reason", ExitReason.name(reason))));
                    }
                }
            }
            machine.deviceStats().forEach(device -> add(vm, device));
        }

        List<MetricSnapshot> snapshots() {
            return List.of(
                    states.build(), exits.build(), requests.build(), bytes.build(), failures.build(), events.build());
        }

        private void add(String vm, DeviceStats device) {
            for (RequestStats request : device.requests()) {
                String operation = request.name().substring(device.device().length() + 1);
                Labels labels = Labels.of("vm", vm, "device", device.device(), "operation", operation);
                bytes.dataPoint(point((double) request.bytes(), labels));
                failures.dataPoint(point((double) request.failures(), labels));
                requests.dataPoint(times(request.nanos(), labels));
            }
            for (DeviceStats.Event event : device.events()) {
                events.dataPoint(point(
                        (double) event.count(), Labels.of("vm", vm, "device", device.device(), "event", event.name())));
            }
        }
    }
}
