package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.run.ServedModel;
import java.io.IOException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /v1/models} and {@code /v1/models/ID}. */
public final class ModelsEndpoint {
    /** Where the models of the interface are found. */
    public static final String PATH = "/v1/models";

    private final Models models;
    private final long createdSeconds;

    /** @param createdSeconds when the models were loaded, in seconds since 1970 */
    public ModelsEndpoint(Models models, long createdSeconds) {
        this.models = models;
        this.createdSeconds = createdSeconds;
    }

    /** Lists all models. */
    public void list(Exchange exchange) throws IOException {
        ObjectNode list = JsonMapper.shared().createObjectNode().put("object", "list");
        ArrayNode data = list.putArray("data");
        models.list().forEach(model -> data.add(toJson(model)));
        exchange.send(200, list);
    }

    /** Describes the model whose name is the rest of the path. */
    public void describe(Exchange exchange) throws IOException {
        exchange.send(200, toJson(models.require(exchange.path().substring(PATH.length() + 1))));
    }

    private ObjectNode toJson(ServedModel model) {
        return JsonMapper.shared().createObjectNode().put("id", model.name()).put("object", "model")
                .put("created", createdSeconds).put("owned_by", "pastkv").put("max_model_len", model.contextLength())
                .put("numeric_identity", model.model().numericIdentity());
    }
}
