// SPDX-License-Identifier: Apache-2.0
package peer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The kept purchases of one card and the rule: an alert for each burst, a maximal run of purchases
 * with a level of at least THRESHOLD. A level counts the purchases that are not later and less than
 * WINDOW_MS older. Made once and used for one card after the other.
 *
 * <p>In the store a card is its purchases in order, EVENT_BYTES each: time, id, flags.
 */
final class CardEvents {
    static final long WINDOW_MS = 60_000;
    static final int THRESHOLD = 3;
    static final long HORIZON_MS = 2 * WINDOW_MS; // as far back as a purchase can still matter
    static final int EVENTS_MAX = 4096;

    private static final int EVENT_BYTES = 17;
    private static final int HAS_ID = 1;
    private static final int LATE = 2;
    private static final int BURST = 4;
    private static final VarHandle LONG =
        MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private long[] times = new long[16];
    private long[] ids = new long[16];
    private byte[] flags = new byte[16];
    private int count;
    private long[] alerts = new long[4];
    private int alertCount;

    /** Takes a card from the store (null: a new one), without the purchases that have expired. */
    void load(byte[] stored, long streamMs) {
        count = 0;
        alertCount = 0;
        int size = stored == null ? 0 : stored.length;
        for (int at = 0; at < size; at += EVENT_BYTES) {
            long time = (long) LONG.get(stored, at);
            if (time > streamMs - HORIZON_MS)
                put(count++, time, (long) LONG.get(stored, at + 8), stored[at + 16]);
        }
    }

    byte[] store() {
        byte[] stored = new byte[count * EVENT_BYTES];
        for (int i = 0, at = 0; i < count; i++, at += EVENT_BYTES) {
            LONG.set(stored, at, times[i]);
            LONG.set(stored, at + 8, ids[i]);
            stored[at + 16] = flags[i];
        }
        return stored;
    }

    /** True when nothing that is stored of the card can matter any more. */
    static boolean isExpired(byte[] stored, long streamMs) {
        long newest = (long) LONG.get(stored, stored.length - EVENT_BYTES);
        return newest <= streamMs - HORIZON_MS;
    }

    /** Adds a purchase to the loaded card; `streamMs` includes it. False: nothing has changed. */
    boolean add(Purchase purchase, long timeMs, long streamMs) {
        if (timeMs <= streamMs - HORIZON_MS || holds(purchase))
            return false;
        if (count == EVENTS_MAX) {
            if (timeMs < times[0])
                return false;
            move(1, 0);
        }
        boolean late = timeMs + WINDOW_MS <= streamMs;
        insert(timeMs, purchase.id, (purchase.hasId ? HAS_ID : 0) | (late ? LATE : 0));
        if (!late && count >= THRESHOLD)
            findBursts();
        return true;
    }

    /** Alerts that the last purchase has raised, and the times that belong into them. */
    int alertCount() {
        return alertCount;
    }

    long alertTime(int at) {
        return alerts[at];
    }

    private boolean holds(Purchase purchase) {
        for (int i = 0; purchase.hasId && i < count; i++) {
            if (ids[i] == purchase.id && (flags[i] & HAS_ID) != 0)
                return true;
        }
        return false;
    }

    private void insert(long timeMs, long id, int newFlags) {
        int at = count;
        while (at > 0 && times[at - 1] > timeMs)
            at--;
        move(at, at + 1);
        put(at, timeMs, id, (byte) newFlags);
    }

    /** Walks along the order of those that were not late. */
    private void findBursts() {
        int first = 0; // the earliest in the level of the one at hand
        int level = 0;
        boolean open = false;
        boolean alerted = false;
        long start = 0;
        for (int i = 0; i < count; i++) {
            if (isLate(i))
                continue;
            level++;
            for (; isLate(first) || times[first] <= times[i] - WINDOW_MS; first++)
                level -= isLate(first) ? 0 : 1;
            boolean known = (flags[i] & BURST) != 0;
            boolean bursts = known || level >= THRESHOLD;
            if (open && !bursts && !alerted)
                raise(start);
            if (!open && bursts) {
                start = times[first];
                alerted = false;
            }
            open = bursts;
            alerted |= known;
            flags[i] |= bursts ? BURST : 0;
        }
        if (open && !alerted)
            raise(start);
    }

    private boolean isLate(int at) {
        return (flags[at] & LATE) != 0;
    }

    private void raise(long timestampMs) {
        if (alertCount == alerts.length)
            alerts = Arrays.copyOf(alerts, 2 * alertCount);
        alerts[alertCount++] = timestampMs;
    }

    private void put(int at, long timeMs, long id, byte newFlags) {
        if (at >= times.length)
            grow();
        times[at] = timeMs;
        ids[at] = id;
        flags[at] = newFlags;
    }

    private void move(int from, int to) {
        if (count + 1 > times.length)
            grow();
        System.arraycopy(times, from, times, to, count - from);
        System.arraycopy(ids, from, ids, to, count - from);
        System.arraycopy(flags, from, flags, to, count - from);
        count += to - from;
    }

    private void grow() {
        int length = 2 * times.length;
        times = Arrays.copyOf(times, length);
        ids = Arrays.copyOf(ids, length);
        flags = Arrays.copyOf(flags, length);
    }
}
