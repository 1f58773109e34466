package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The memory balloon.
 *
 * @param amountMib its size
 * @param statsPollingIntervalSeconds how often the guest is asked for statistics; 0 offers none
 */
public record Balloon(
        long amountMib,
        boolean deflateOnOom,
        int statsPollingIntervalSeconds,
        boolean freePageHinting,
        boolean freePageReporting) {
    private static final int MAX_INTERVAL_SECONDS = 65_535;

    static Balloon of(JsonObject body) {
        Balloon balloon = new Balloon(
                body.integer("amount_mib", 0, Bodies.MAX_U32),
                body.truth("deflate_on_oom"),
                body.has("stats_polling_interval_s") ? interval(body) : 0,
                body.truth("free_page_hinting", false),
                body.truth("free_page_reporting", false));
        body.ignore("stats_polling_interval_s");
        body.end();
        return balloon;
    }

    static long amountMib(JsonObject body) {
        long amount = body.integer("amount_mib", 0, Bodies.MAX_U32);
        body.end();
        return amount;
    }

    static int intervalSeconds(JsonObject body) {
        int seconds = interval(body);
        body.end();
        return seconds;
    }

    /** This with another size. */
    public Balloon withAmountMib(long mib) {
        return new Balloon(mib, deflateOnOom, statsPollingIntervalSeconds, freePageHinting, freePageReporting);
    }

    /** This with another interval. */
    public Balloon withIntervalSeconds(int seconds) {
        return new Balloon(amountMib, deflateOnOom, seconds, freePageHinting, freePageReporting);
    }

    /** As the body of an answer. */
    public Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("amount_mib", amountMib)
                .with("deflate_on_oom", deflateOnOom)
                .with("stats_polling_interval_s", statsPollingIntervalSeconds)
                .with("free_page_hinting", freePageHinting)
                .with("free_page_reporting", freePageReporting)
                .toMap();
    }

    private static int interval(JsonObject body) {
        return (int) body.integer("stats_polling_interval_s", 0, MAX_INTERVAL_SECONDS);
    }
}
