package example;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.rest.client.inject.RestClient;

/** Goes on with a story. */
@Path("/story")
public class Stories {
    @RestClient
    PastKv pastKv;

    @ConfigProperty(name = "model")
    String model;

    @GET
    @Produces("text/plain")
    public String story(@QueryParam("begin") String begin) {
        return begin + pastKv.complete(new PastKv.Request(model, begin, 40, 0)).choices().getFirst().text();
    }
}
