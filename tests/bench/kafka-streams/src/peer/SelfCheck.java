// SPDX-License-Identifier: Apache-2.0
package peer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** CardEvents against the definition of the rule, applied to all purchases that ever came. */
final class SelfCheck {
    private static final class Entry {
        long timeMs;
        long id;
        boolean late;
        boolean alerted;
    }

    private SelfCheck() {}

    static void run() {
        long alerts = 0;
        for (int seed = 0; seed < 2000; seed++)
            alerts += compare(new Random(seed));
        if (alerts < 1000)
            throw new AssertionError("too few alerts to tell: " + alerts);
        System.out.println("self-check: fine, " + alerts + " alerts");
    }

    private static int compare(Random random) {
        CardEvents events = new CardEvents();
        List<Entry> all = new ArrayList<>();
        byte[] stored = null;
        long streamMs = 0;
        long clockMs = 1_000_000;
        long spreadMs = 1 + random.nextInt(60_000);
        int alerts = 0;
        for (int i = 0; i < 100; i++) {
            clockMs += random.nextInt((int) spreadMs);
            Purchase purchase = new Purchase();
            purchase.hasId = true;
            purchase.id = random.nextInt(10) == 0 ? random.nextInt(i + 1) : i;
            long timeMs = clockMs - (random.nextBoolean() ? 0 : random.nextInt(150_000));
            streamMs = Math.max(streamMs, timeMs);
            events.load(stored, streamMs);
            List<Long> raised = new ArrayList<>();
            if (events.add(purchase, timeMs, streamMs)) {
                stored = events.store();
                for (int a = 0; a < events.alertCount(); a++)
                    raised.add(events.alertTime(a));
            }
            List<Long> expected = expected(all, purchase.id, timeMs, streamMs);
            if (!raised.equals(expected))
                throw new AssertionError("raised " + raised + ", expected " + expected);
            alerts += raised.size();
        }
        return alerts;
    }

    private static List<Long> expected(List<Entry> all, long id, long timeMs, long streamMs) {
        Entry entry = new Entry();
        entry.timeMs = timeMs;
        entry.id = id;
        entry.late = timeMs + CardEvents.WINDOW_MS <= streamMs;
        long keptMs = streamMs - CardEvents.HORIZON_MS;
        if (timeMs <= keptMs || all.stream().anyMatch(e -> e.timeMs > keptMs && e.id == id))
            return List.of();
        all.add(entry);
        if (entry.late)
            return List.of();
        List<Entry> order = new ArrayList<>(
            all.stream().filter(e -> e.timeMs > keptMs && !e.late)
                .sorted(Comparator.comparingLong(e -> e.timeMs)).toList());
        return runs(order);
    }

    private static List<Long> runs(List<Entry> order) {
        List<Long> alerts = new ArrayList<>();
        for (int first = 0, end; first < order.size(); first = end) {
            end = first;
            while (end < order.size() && bursts(order, end))
                end++;
            List<Entry> run = order.subList(first, end);
            if (!run.isEmpty() && run.stream().noneMatch(e -> e.alerted))
                alerts.add(level(order, first).get(0).timeMs);
            run.forEach(e -> e.alerted = true);
            end = Math.max(end, first + 1);
        }
        return alerts;
    }

    private static boolean bursts(List<Entry> order, int at) {
        return order.get(at).alerted || level(order, at).size() >= CardEvents.THRESHOLD;
    }

    private static List<Entry> level(List<Entry> order, int at) {
        long fromMs = order.get(at).timeMs - CardEvents.WINDOW_MS;
        return order.subList(0, at + 1).stream().filter(e -> e.timeMs > fromMs).toList();
    }
}
