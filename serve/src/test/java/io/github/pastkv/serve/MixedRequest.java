package io.github.pastkv.serve;

import java.util.List;
import java.util.Random;

/**
 * A random request to be answered with tokens and log-probabilities: of either endpoint, of any length, by any way of
 * sampling.
 *
 * @param json written with ' for ", without its last brace
 */
record MixedRequest(String path, String json, boolean canStream) {
    private static final List<String> PREFIXES = List.of("Once upon a time there was a little girl named Lily. ",
            "One day, a big dog and a small cat went to the park to play. They saw a tree. ", "Tom had a red ball. ");

    static MixedRequest of(Random random) {
        String text = PREFIXES.get(random.nextInt(PREFIXES.size())).repeat(1 + random.nextInt(3)) + "Then number "
                + random.nextInt(6);
        int numLogProbabilities = random.nextInt(3);
        boolean isChat = random.nextInt(4) == 0;
        boolean scoresPrompt = random.nextInt(8) == 0;
        String json = (isChat
                ? "{'messages': [{'role': 'user', 'content': '" + text + "'}], 'logprobs': true, 'top_logprobs': "
                : "{'prompt': '" + text + "', 'logprobs': ") + numLogProbabilities + ", 'max_tokens': "
                + (1 + random.nextInt(random.nextInt(8) == 0 ? 60 : 16)) + ", 'seed': " + random.nextInt(1000)
                + ", 'temperature': " + random.nextInt(3) * 0.6 + ", 'n': " + (1 + random.nextInt(3))
                + ", 'return_token_ids': true" + sampling(random) + (scoresPrompt ? ", 'prompt_logprobs': 1" : "");
        return new MixedRequest("/v1/" + (isChat ? "chat/" : "") + "completions", json, !scoresPrompt);
    }

    private static String sampling(Random random) {
        return (random.nextInt(4) == 0 ? ", 'frequency_penalty': 0.7, 'top_k': 20" : "")
                + (random.nextInt(4) == 0 ? ", 'min_p': 0.05, 'top_p': 0.9" : "")
                + (random.nextInt(6) == 0 ? ", 'logit_bias': {'5': 3, '9': -100}, 'presence_penalty': -0.5" : "")
                + (random.nextInt(4) == 0 ? ", 'stop': ['.']" : "")
                + (random.nextInt(4) == 0 ? "" : ", 'ignore_eos': true")
                + (random.nextInt(4) == 0 ? ", 'priority': 2" : "");
    }

    String whole(boolean usesCache) {
        return json + ", 'cache_prompt': " + usesCache + "}";
    }

    String streamed(boolean usesCache) {
        return json + ", 'cache_prompt': " + usesCache + ", 'stream': true}";
    }
}
