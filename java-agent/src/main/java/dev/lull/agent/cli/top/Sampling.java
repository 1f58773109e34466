package dev.lull.agent.cli.top;

import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.VmInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The machines of a host and their rates, look by look. Used by one thread. */
final class Sampling implements AutoCloseable {
    private final HostClient client;
    private final VmSampler sampler = new VmSampler();

    /** By uuid: a machine made anew under an old name begins anew. */
    private final Map<String, RateMeter> meters = new HashMap<>();

    Sampling(HostClient client) {
        this.client = client;
    }

    /** Looks again: what each machine has done since the last look. */
    List<TopRow> look() {
        List<TopRow> rows = new ArrayList<>();
        Set<String> present = new HashSet<>();
        for (VmSample sample : sampler.sample(client.vms())) {
            VmInfo vm = sample.vm();
            present.add(vm.uuid());
            RateMeter meter = meters.computeIfAbsent(vm.uuid(), uuid -> new RateMeter());
            rows.add(new TopRow(vm, meter.take(sample)));
        }
        meters.keySet().retainAll(present);
        return rows;
    }

    /** Says what a person should know of the last look; empty if nothing. */
    String note() {
        return sampler.denied() == 0
                ? ""
                : "no permission for " + sampler.denied()
                        + " counters files; join the group lull: usermod -aG lull $USER";
    }

    @Override
    public void close() {
        sampler.close();
    }
}
