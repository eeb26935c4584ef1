package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.run.ServedModel;
import java.util.List;
import java.util.Optional;

/** The models that are served, by name. */
public record Models(List<ServedModel> list) {
    public Models {
        list = List.copyOf(list);
    }

    /** The model that a request names; where there is one only, it need not. */
    public ServedModel of(RequestFields fields) {
        Optional<String> name = fields.findString("model");
        if (name.isEmpty() && list.size() == 1) {
            return list.getFirst();
        }
        return require(name.orElseThrow(() -> ApiException.badField("model", "is missing, must be one of " + names())));
    }

    /** The model of a name. */
    ServedModel require(String name) {
        return list.stream().filter(model -> model.name().equals(name)).findFirst().orElseThrow(
                () -> ApiException.modelNotFound("model: '" + name + "' is not served here, only " + names()));
    }

    private List<String> names() {
        return list.stream().map(ServedModel::name).toList();
    }
}
