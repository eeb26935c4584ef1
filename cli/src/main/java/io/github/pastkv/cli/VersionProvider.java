package io.github.pastkv.cli;

import java.io.IOException;
import picocli.CommandLine.IVersionProvider;

/** {@link Version} for the parser. */
final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        return Version.lines();
    }
}
