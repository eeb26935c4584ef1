package example;

import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.util.List;
import org.eclipse.microprofile.rest.client.inject.RegisterRestClient;

/** The completions of a server that was started with {@code pastkv serve}. */
@RegisterRestClient(configKey = "pastkv")
@Path("/v1/completions")
public interface PastKv {
    record Request(String model, String prompt, int max_tokens, double temperature) {}

    record Answer(List<Choice> choices) {}

    record Choice(String text, String finish_reason) {}

    @POST
    Answer complete(Request request);
}
