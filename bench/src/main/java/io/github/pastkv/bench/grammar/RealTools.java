package io.github.pastkv.bench.grammar;

import io.github.pastkv.chat.tools.ToolDefinition;
import io.github.pastkv.chat.tools.Tools;
import java.util.List;

/** Tools as servers of the Model Context Protocol (GitHub, files) and OpenAI's guide define them. */
final class RealTools {
    private static final ToolDefinition CREATE_ISSUE = ToolDefinition.of("create_issue",
            "Create a new issue in a GitHub repository", """
                    {"type": "object", "properties": {
                      "owner": {"type": "string", "description": "Repository owner"},
                      "repo": {"type": "string", "description": "Repository name"},
                      "title": {"type": "string", "description": "Issue title"},
                      "body": {"type": "string", "description": "Issue body content"},
                      "assignees": {"type": "array", "items": {"type": "string"},
                        "description": "Usernames to assign to this issue"},
                      "labels": {"type": "array", "items": {"type": "string"},
                        "description": "Labels to apply to this issue"},
                      "milestone": {"type": "number", "description": "Milestone number"}},
                     "required": ["owner", "repo", "title"]}""");
    private static final ToolDefinition EDIT_FILE = ToolDefinition.of("edit_file",
            "Make line-based edits to a text file", """
                    {"type": "object", "properties": {
                      "path": {"type": "string"},
                      "edits": {"type": "array", "items": {"type": "object", "properties": {
                          "oldText": {"type": "string", "description": "Text to search for - must match exactly"},
                          "newText": {"type": "string", "description": "Text to replace with"}},
                        "required": ["oldText", "newText"], "additionalProperties": false}},
                      "dryRun": {"type": "boolean", "default": false,
                        "description": "Preview changes using git-style diff format"}},
                     "required": ["path", "edits"], "additionalProperties": false}""");
    private static final ToolDefinition GET_WEATHER = ToolDefinition.of("get_weather",
            "Retrieves current weather for the given location.", """
                    {"type": "object", "properties": {
                      "location": {"type": "string", "description": "City and country e.g. Bogotá, Colombia"},
                      "units": {"type": ["string", "null"], "enum": ["celsius", "fahrenheit"],
                        "description": "Units the temperature will be returned in."}},
                     "required": ["location", "units"], "additionalProperties": false}""");

    private RealTools() {}

    static Tools tools() {
        return Tools.of(List.of(CREATE_ISSUE, EDIT_FILE, GET_WEATHER));
    }
}
