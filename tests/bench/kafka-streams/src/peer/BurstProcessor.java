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
    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(1);

    private final CardEvents events = new CardEvents();
    private final AlertWriter writer;
    private final int sweepCards; // to look at each second; 0: none
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<Bytes, byte[]> store;
    private Bytes cursor; // where the next sweep begins; null: at the start of the store

    BurstProcessor(int alertSchemaId, int sweepCards) {
        this.writer = new AlertWriter(alertSchemaId);
        this.sweepCards = sweepCards;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        store = context.getStateStore(STORE);
        if (sweepCards > 0)
            context.schedule(SWEEP_INTERVAL, PunctuationType.WALL_CLOCK_TIME, now -> sweep());
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
     * Deletes expired cards. Goes through the store a few cards at a time, so that neither a sweep
     * takes long nor the sweeping much of the thread's time.
     */
    private void sweep() {
        int budget = sweepCards;
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
