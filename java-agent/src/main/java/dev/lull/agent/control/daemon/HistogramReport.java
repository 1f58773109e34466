package dev.lull.agent.control.daemon;

import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.http.HttpResponse;
import dev.lull.agent.control.vm.HistogramJson;
import dev.lull.agent.json.Json;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.HdrHistogram.HistogramLogWriter;

/** How long a machine's requests took, as its API tells it. */
final class HistogramReport {
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int TICKS_PER_HALF_DISTANCE = 5;
    private static final double PERCENT = 100;

    private HistogramReport() {}

    /** The names, and of each the figures people ask for first. */
    static HttpResponse all(HostedVm vm) {
        List<Map<String, Object>> histograms = new ArrayList<>();
        for (RequestStats stats : requests(vm)) {
            histograms.add(HistogramJson.summary(stats.name(), stats.nanos()));
        }
        return HttpResponse.json(OK, Json.text(Map.of("histograms", histograms)));
    }

    /**
     * One, by its percentiles; or with the query {@code format=hlog} as a log for HdrHistogram's tools.
     *
     * @throws RefusalException if there is none {@code name}
     */
    static HttpResponse one(HostedVm vm, String name, String query) {
        for (RequestStats stats : requests(vm)) {
            if (stats.name().equals(name)) {
                return switch (query) {
                    case "" -> percentiles(name, stats.nanos());
                    case "format=hlog" -> HttpResponse.text(OK, log(name, stats.nanos(), vm));
                    default -> throw new RefusalException("The query " + query + " is unknown; there is format=hlog.");
                };
            }
        }
        throw new RefusalException(NOT_FOUND, "There is no histogram " + name + ".");
    }

    private static List<RequestStats> requests(HostedVm vm) {
        return vm.vm()
                .read(
                        machine -> machine.deviceStats().stream()
                                .map(DeviceStats::requests)
                                .flatMap(List::stream)
                                .toList(),
                        List.of());
    }

    private static HttpResponse percentiles(String name, Histogram histogram) {
        Map<String, Object> report = HistogramJson.summary(name, histogram);
        List<Map<String, Object>> percentiles = new ArrayList<>();
        for (HistogramIterationValue value : histogram.percentiles(TICKS_PER_HALF_DISTANCE)) {
            percentiles.add(Map.of(
                    "percentile",
                    Math.round(value.getPercentile() * PERCENT * 1000) / (PERCENT * 1000),
                    "value",
                    value.getValueIteratedTo(),
                    "count",
                    value.getTotalCountToThisValue()));
        }
        report.put("percentiles", percentiles);
        return HttpResponse.json(OK, Json.text(report));
    }

    private static String log(String name, Histogram histogram, HostedVm vm) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(bytes, false, StandardCharsets.UTF_8);
        HistogramLogWriter writer = new HistogramLogWriter(stream);
        long startMillis = vm.vm().createdAt().toEpochMilli();
        histogram.setTag(name.replace(',', '_').replace(' ', '_'));
        histogram.setStartTimeStamp(startMillis);
        histogram.setEndTimeStamp(System.currentTimeMillis());
        writer.outputLogFormatVersion();
        writer.outputStartTime(startMillis);
        writer.setBaseTime(startMillis);
        writer.outputLegend();
        writer.outputIntervalHistogram(histogram);
        stream.flush();
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
