// SPDX-License-Identifier: Apache-2.0
package peer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** One purchase: read the card, apply the rule, write the card back, forward the alerts. */
final class BurstProcessor implements Processor<byte[], Purchase, byte[], byte[]> {
    static final String STORE = "cards";

    private final CardEvents events = new CardEvents();
    private final AlertWriter writer;
    private final Duration sweepInterval; // zero: never
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<Bytes, byte[]> store;
    private int created; // cards, since the last sweep
    private Bytes cursor; // where the next sweep begins; null: at the start of the store

    BurstProcessor(int alertSchemaId, Duration sweepInterval) {
        this.writer = new AlertWriter(alertSchemaId);
        this.sweepInterval = sweepInterval;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        store = context.getStateStore(STORE);
        if (!sweepInterval.isZero())
            context.schedule(sweepInterval, PunctuationType.WALL_CLOCK_TIME, now -> sweep());
    }

    @Override
    public void process(Record<byte[], Purchase> record) {
        Purchase purchase = record.value();
        if (purchase == null)
            return;
        byte[] card = purchase.card != null ? purchase.card : record.key();
        if (card == null || card.length == 0)
            return;
        // Streams keeps the stream time of a task, which has one input partition, with its offsets.
        long streamMs = context.currentStreamTimeMs();
        Bytes key = Bytes.wrap(card);
        byte[] stored = store.get(key);
        if (stored == null)
            created++;
        events.load(stored, streamMs);
        if (!events.add(purchase, record.timestamp(), streamMs))
            return;
        store.put(key, events.store());
        for (int i = 0; i < events.alertCount(); i++) {
            byte[] alert = writer.write(card, events.alertTime(i));
            context.forward(new Record<>(card, alert, record.timestamp()));
        }
    }

    /**
     * Deletes expired cards. Each sweep looks at twice as many cards as were created since the last
     * one and goes on where that ended: the store stays within twice the cards that are alive, and
     * a sweep never costs more than the purchases before it.
     */
    private void sweep() {
        int budget = 2 * created;
        if (budget == 0)
            return;
        created = 0;
        long streamMs = context.currentStreamTimeMs();
        List<Bytes> expired = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> cards = store.range(cursor, null)) {
            for (; budget > 0 && cards.hasNext(); budget--) {
                KeyValue<Bytes, byte[]> card = cards.next();
                if (CardEvents.isExpired(card.value, streamMs))
                    expired.add(card.key);
            }
            cursor = cards.hasNext() ? cards.peekNextKey() : null;
        }
        for (Bytes card : expired)
            store.put(card, null);
    }
}
