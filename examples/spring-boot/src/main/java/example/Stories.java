package example;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;

/** Goes on with a story, and says who it is about. */
@RestController
public class Stories {
    record Hero(Kind kind, int age, boolean isBrave) {}

    enum Kind {
        CHILD, DOG, CAT, BIRD
    }

    private final ChatClient client;

    public Stories(ChatClient.Builder builder) {
        this.client = builder.build();
    }

    @GetMapping(path = "/story", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    public Flux<String> story(@RequestParam String begin) {
        return client.prompt(begin).stream().content();
    }

    @GetMapping("/hero")
    public Hero hero(@RequestParam String story) {
        return client.prompt("Who is this story about? " + story).call().entity(Hero.class);
    }
}
