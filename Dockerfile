# An image of the distribution, which has a Java runtime of its own:
#   mvn -Pdist -Dquick -Dmaven.test.skip=true -pl cli -am package
#   docker build -t pastkv .
#   docker run -p 8273:8273 -v /models:/models:ro -v "$PWD/keys.txt:/keys.txt:ro" \
#       pastkv serve --host 0.0.0.0 --api-key-file /keys.txt --model /models/SmolLM2-135M-Instruct
# keys.txt has the keys of clients (docs/serving.md#keys-and-tenants): without it the server listens on loopback only.
FROM debian:13-slim
ADD target/pastkv-*-linux-x64.tar.gz /opt/
# Pictures (--png, --plot) need a font.
RUN apt-get update && apt-get install -y --no-install-recommends fontconfig fonts-dejavu-core && rm -rf /var/lib/apt/lists/* \
    && ln -s /opt/pastkv-*/bin/pastkv /usr/local/bin/pastkv && useradd --create-home pastkv
USER pastkv
WORKDIR /home/pastkv
EXPOSE 8273
ENTRYPOINT ["pastkv"]
CMD ["--help"]
