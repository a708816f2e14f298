// SPDX-License-Identifier: Apache-2.0
package peer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Writes alerts of schemas/alert.avsc, framed for the schema registry. */
final class AlertWriter {
    private static final String TYPE = "high_purchase_count";
    private static final int PRESENT = 1; // the branch of ["null", ...]
    private final byte[] head;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private BinaryEncoder encoder;

    AlertWriter(int schemaId) {
        head = ByteBuffer.allocate(5).putInt(1, schemaId).array();
    }

    byte[] write(byte[] card, long timestampMs) {
        out.reset();
        out.writeBytes(head);
        encoder = EncoderFactory.get().directBinaryEncoder(out, encoder);
        try {
            encoder.writeIndex(PRESENT);
            encoder.writeString(TYPE);
            encoder.writeIndex(PRESENT);
            encoder.writeBytes(card); // bytes and string look the same
            encoder.writeIndex(PRESENT);
            encoder.writeLong(timestampMs);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
