package io.github.pastkv.langchain4j;

/** What LangChain4j's own tests ask, and what a model that knows the answers says. */
final class Scripts {
    private static final String PEOPLE = "{\"values\": [{\"name\": \"Klaus\", \"age\": 37, \"height\": 1.78, "
            + "\"married\": false}, {\"name\": \"Franny\", \"age\": 35, \"height\": 1.65, \"married\": true}]}";

    private Scripts() {}

    /** Of the tests of chat models. */
    static Script chat() {
        return new Script(TestModel.model())
                .with("14:35", "It is sunny in Munich, and 14:35 in France.")
                .with("10:14", "It is 10:14.")
                .with("sunny", "It is sunny.", "{\"weather\": \"sunny\"}")
                .with("in parallel", call("getWeather", "{\"city\": \"Munich\"}") + "\n"
                        + call("getTime", "{\"country\": \"France\"}"))
                .with("weather in Munich", call("getWeather", "{\"city\": \"Munich\"}"))
                .with("get_current_time", call("get_current_time", "{}"))
                .with("I live in Munich", call("getWeather", "{\"city\": \"Munich\"}"))
                .with("JSON object", "{\"city\": \"Berlin\"}")
                .with("2 + 2", "Berlin is the capital of Germany, and 2 + 2 is 4.")
                .with("capital of Germany", "Berlin is the capital of Germany.", "{\"city\": \"Berlin\"}")
                .with("Translate: 'I love you'", "Ich liebe dich.")
                .with("my favorite color", "Your favorite color is green.")
                .with("Hello World", "Hello World");
    }

    private static String call(String name, String arguments) {
        return "<tool_call>\n{\"name\": \"" + name + "\", \"arguments\": " + arguments + "}\n</tool_call>";
    }

    /** Of the tests of AI services that call tools; what follows a result comes before what asks for it. */
    static Script tools() {
        return new Script(TestModel.model())
                .with("tool: Success", "Done.")
                .with("\"17:11:45", "17:11:45")
                .with("tool: 19", "It is 19 degrees.")
                .with("tool: Alice", "Alice")
                .with("tool: 20", "The result is 20.")
                .with("tool: 5", call("multiply", "{\"arg0\": 5, \"arg1\": 4}"))
                .with("tool: 151", "37 + 87 = 124 and 73 + 78 = 151.")
                .with("tool: 171", "It is 171.")
                .with("tool: 124", "37 + 87 = 124.")
                .with("\"modify\", \"arguments\"", "Done.")
                .with("'modify'", call("modify", "{\"arg0\": 7}"))
                .with("add 47", call("add", "{\"arg0\": 124, \"arg1\": 47}"))
                .with("in parallel", call("add", "{\"arg0\": 37, \"arg1\": 87}") + "\n"
                        + call("add", "{\"arg0\": 73, \"arg1\": 78}"))
                .with("37 plus 87", call("add", "{\"arg0\": 37, \"arg1\": 87}"))
                .with("add 2 and 3", call("add", "{\"arg0\": 2, \"arg1\": 3}"))
                .with("Klaus is 37",
                        process("{\"name\": \"Klaus\", \"age\": 37, \"height\": 1.78, \"married\": false}"))
                .with("Langley Falls",
                        process("{\"name\": \"Klaus\", \"address\": {\"city\": \"Langley Falls\"}}"))
                .with("2 children", process("{\"name\": \"Francine\", \"children\": [{\"name\": \"Steve\", "
                        + "\"children\": []}, {\"name\": \"Hayley\", \"children\": []}]}"))
                .with("HH:MM:SS", call("currentTime", "{}"))
                .with("temperature in Munich",
                        call("currentTemperature", "{\"arg0\": \"Munich\", \"arg1\": \"CELSIUS\"}"))
                .with("Klaus is 42", process("{\"Klaus\": 42, \"Francine\": 47}"))
                .with("following names", call("processNames", "{\"arg0\": [\"Klaus\", \"Franny\"]}"))
                .with("following colors", process("[\"RED\", \"GREEN\"]"))
                .with("following integers", call("processNumbers", "{\"arg0\": [37, 73]}"))
                .with("following people", process("[{\"name\": \"Klaus\"}, {\"name\": \"Franny\"}]"))
                .with("username with ID",
                        call("getUsernameFromId", "{\"arg0\": \"62dbcc27-aaf3-449a-b12d-5a904271a57f\"}"))
                .with("Take a photo", call("takePhoto", "{}"));
    }

    private static String process(String argument) {
        return call("process", "{\"arg0\": " + argument + "}");
    }

    /** Of the tests of AI services that return classes. */
    static Script services() {
        return new Script(TestModel.model())
                .with("tool: sunny", "{\"city\": \"Munich\", \"weather\": \"SUNNY\"}")
                .with("'getWeather' tool", call("getWeather", "{\"arg0\": \"Munich\"}"))
                .with("capital of Germany", "Berlin is the capital of Germany.")
                .with("is a man:", "{\"value\": true}")
                .with("Extract number of people", "{\"value\": 2}")
                .with("temperature in Munich", "{\"value\": -0.5}")
                .with("Extract names of people", "{\"values\": [\"Klaus\", \"Franny\"]}")
                .with("information from the following text: Klaus is 37",
                        "{\"name\": \"Klaus\", \"age\": 37, \"height\": 1.78, \"married\": false}")
                .with("Do not include missing fields", "{\"name\": \"Klaus\"}")
                .with("billing address", "{\"name\": \"Klaus\", \"shippingAddress\": {\"city\": \"Langley Falls\"}, "
                        + "\"billingAddress\": {\"city\": \"New York\"}}")
                .with("Klaus is single", "{\"name\": \"Klaus\", \"maritalStatus\": \"SINGLE\"}")
                .with("orange and green", "{\"name\": \"Klaus\", \"favouriteColors\": [\"orange\", \"green\"]}")
                .with("2 pets", "{\"name\": \"Klaus\", \"pets\": [{\"name\": \"Peanut\"}, {\"name\": \"Muffin\"}]}")
                .with("groups A and C", "{\"name\": \"Klaus\", \"groups\": [\"A\", \"C\"]}")
                .with("born at 14:43", "{\"name\": \"Klaus\", \"birthDate\": {\"year\": 1976, \"month\": 8, "
                        + "\"day\": 12}, \"birthTime\": {\"hour\": 14, \"minute\": 43, \"second\": 0, \"nano\": 0}, "
                        + "\"birthDateTime\": {\"date\": {\"year\": 1976, \"month\": 8, \"day\": 12}, \"time\": "
                        + "{\"hour\": 14, \"minute\": 43, \"second\": 0, \"nano\": 0}}}")
                .with("Klaus and Francine", "{\"values\": [{\"name\": \"Klaus\"}, {\"name\": \"Francine\"}]}")
                .with("has 2 children", "{\"name\": \"Francine\", \"children\": [{\"name\": \"Steve\", "
                        + "\"children\": []}, {\"name\": \"Hayley\", \"children\": []}]}")
                .with("the following ID",
                        "{\"id\": \"567b229a-6b0a-4f1e-9006-448cd9dfbfda\", \"name\": \"Klaus\"}")
                .with("syntax tree", "{\"value\": {\"type\": \"Addition\", \"left\": {\"type\": \"Addition\", "
                        + "\"left\": {\"type\": \"Constant\", \"value\": 1}, \"right\": {\"type\": \"Constant\", "
                        + "\"value\": 2}}, \"right\": {\"type\": \"Constant\", \"value\": 3}}}")
                .with("Staniel", "{\"values\": [\"SINGLE\", \"MARRIED\", \"MARRIED\"]}")
                .with("Franny is 35", PEOPLE)
                .with("single.", "SINGLE", "{\"value\": \"SINGLE\"}")
                .with("from the following text: Klaus", "{\"name\": \"Klaus\"}")
                .with("The weather in Berlin",
                        "{\"values\": [\"SUNNY\", \"RAINY\", \"CLOUDY\", \"WINDY\"]}")
                .with("Whiskers", "{\"values\": [{\"type\": \"Dog\", \"name\": \"Rex\", \"breed\": \"Labrador\"}, "
                        + "{\"type\": \"Cat\", \"name\": \"Whiskers\", \"indoor\": true}]}")
                .with("Alice owns", "{\"name\": \"Alice\", \"pet\": {\"type\": \"Dog\", \"name\": \"Rex\", "
                        + "\"breed\": \"Labrador\"}}")
                .with("Rex is", "{\"type\": \"Dog\", \"name\": \"Rex\", \"breed\": \"Labrador\"}",
                        "{\"value\": {\"type\": \"Dog\", \"name\": \"Rex\", \"breed\": \"Labrador\"}}");
    }
}
