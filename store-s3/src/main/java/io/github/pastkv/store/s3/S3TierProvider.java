package io.github.pastkv.store.s3;

import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTierProvider;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.util.Set;

/**
 * Opens {@code s3://BUCKET[/PREFIX][?endpoint=https://HOST&region=REGION&profile=NAME&deadline=5s&writeDeadline=60s]}.
 * Keys are read from the environment ({@code AWS_ACCESS_KEY_ID} and so on) or from {@code ~/.aws/credentials}.
 */
public final class S3TierProvider implements CacheTierProvider {
    /** For the {@link java.util.ServiceLoader}. */
    public S3TierProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("s3");
    }

    @Override
    public CacheTier open(TierUri uri) throws IOException {
        uri.requireKnown(Set.of("endpoint", "region", "profile", "deadline", "writeDeadline"));
        return S3Tier.open(S3Address.of(uri), S3Credentials.find(uri, System.getenv()));
    }
}
