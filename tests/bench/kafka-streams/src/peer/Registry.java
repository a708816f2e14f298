// SPDX-License-Identifier: Apache-2.0
package peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.apache.avro.Schema;

/** The two calls to the schema registry that are needed: both once a schema. */
final class Registry {
    private static final String JSON = "application/vnd.schemaregistry.v1+json";
    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient client = HttpClient.newHttpClient();
    private final String url;

    Registry(String url) {
        this.url = url.replaceAll("/+$", "");
    }

    Schema schema(int id) {
        String text = call(request("/schemas/ids/" + id).GET()).get("schema").asText();
        return new Schema.Parser().parse(text);
    }

    /** Registers the schema, or finds it registered, and returns its id. */
    int register(String subject, Schema schema) {
        String body = mapper.createObjectNode().put("schema", schema.toString()).toString();
        HttpRequest.BodyPublisher publisher = HttpRequest.BodyPublishers.ofString(body);
        return call(request("/subjects/" + subject + "/versions").POST(publisher))
            .get("id").asInt();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path))
            .timeout(Duration.ofSeconds(10)).header("Content-Type", JSON).header("Accept", JSON);
    }

    private JsonNode call(HttpRequest.Builder request) {
        try {
            HttpResponse<String> answer =
                client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200)
                throw new IllegalStateException(
                    "schema registry: " + answer.statusCode() + " " + answer.body());
            return mapper.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
