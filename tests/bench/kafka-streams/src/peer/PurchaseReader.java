// SPDX-License-Identifier: Apache-2.0
package peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Reads a frame of the schema registry: 0, schema id, Avro. Fields are taken straight from Avro's
 * decoder, in the order of the writer's schema, and only what the rule needs becomes an object:
 * no GenericRecord. One for each thread.
 */
final class PurchaseReader {
    private enum Use { SKIP, CARD, ID, TIME }

    /** One field of the writer's schema; `branches` is the schema itself unless it is a union. */
    private record Step(Use use, boolean union, Schema[] branches) {}

    private static final int FRAME_BYTES = 5;
    private final Registry registry;
    private final Map<Integer, Step[]> plans = new HashMap<>();
    private int lastId;
    private Step[] lastPlan;
    private BinaryDecoder decoder;
    private ByteBuffer text;

    PurchaseReader(Registry registry) {
        this.registry = registry;
    }

    Purchase read(byte[] data) {
        if (data == null)
            return null;
        if (data.length < FRAME_BYTES || data[0] != 0)
            throw new SerializationException("not a frame of the schema registry");
        Step[] plan = plan(ByteBuffer.wrap(data).getInt(1));
        decoder = DecoderFactory.get()
            .binaryDecoder(data, FRAME_BYTES, data.length - FRAME_BYTES, decoder);
        try {
            Purchase purchase = new Purchase();
            for (Step step : plan)
                read(step, purchase);
            if (!decoder.isEnd())
                throw new SerializationException("trailing bytes");
            return purchase;
        } catch (IOException e) {
            throw new SerializationException(e);
        }
    }

    private Step[] plan(int id) {
        if (lastPlan == null || id != lastId) {
            lastPlan = plans.computeIfAbsent(id, missing -> compile(registry.schema(missing)));
            lastId = id;
        }
        return lastPlan;
    }

    private static Step[] compile(Schema schema) {
        return schema.getFields().stream().map(field -> {
            Schema type = field.schema();
            Schema[] branches =
                type.isUnion() ? type.getTypes().toArray(Schema[]::new) : new Schema[] {type};
            return new Step(use(field.name()), type.isUnion(), branches);
        }).toArray(Step[]::new);
    }

    private static Use use(String field) {
        return switch (field) {
            case "credit_card" -> Use.CARD;
            case "id" -> Use.ID;
            case "timestamp" -> Use.TIME;
            default -> Use.SKIP;
        };
    }

    private void read(Step step, Purchase purchase) throws IOException {
        Schema schema = step.branches[step.union ? decoder.readIndex() : 0];
        if (schema.getType() == Schema.Type.NULL)
            return;
        switch (step.use) {
            case SKIP -> skip(schema);
            case CARD -> purchase.card = readText(schema);
            case ID -> {
                purchase.id = readInteger(schema);
                purchase.hasId = true;
            }
            case TIME -> {
                purchase.timeMs = readInteger(schema);
                purchase.hasTime = true;
            }
        }
    }

    private void skip(Schema schema) throws IOException {
        switch (schema.getType()) {
            case STRING -> decoder.skipString();
            case DOUBLE -> decoder.skipFixed(Double.BYTES);
            default -> GenericDatumReader.skip(schema, decoder);
        }
    }

    private byte[] readText(Schema schema) throws IOException {
        expect(schema, Schema.Type.STRING);
        text = decoder.readBytes(text); // bytes and string look the same
        return Arrays.copyOf(text.array(), text.limit());
    }

    private long readInteger(Schema schema) throws IOException {
        if (schema.getType() == Schema.Type.INT)
            return decoder.readInt();
        expect(schema, Schema.Type.LONG);
        return decoder.readLong();
    }

    private static void expect(Schema schema, Schema.Type type) {
        if (schema.getType() != type)
            throw new SerializationException("a field is " + schema.getType() + ", not " + type);
    }
}
