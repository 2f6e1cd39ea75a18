#include "messages/chat/asyncapi.hpp"

#include "messages/chat/description.hpp"
#include "messages/chat/yaml.hpp"
#include "messages/edge/header.hpp"
#include "messages/edge/packing.hpp"

#include <algorithm>

namespace causeway::chat {
namespace {

using type = field_description::type;
using yaml::node;

node reference(const std::string& to) { return {{"$ref", to}}; }
node schema_reference(const std::string& name) { return reference("#/components/schemas/" + name); }

/// JSON Schema counts characters, the broker bytes: what has more characters has more bytes as well.
node text_schema(const field_description& x) {
  node out{{"type", "string"}};
  auto least = std::uint64_t{0};
  auto most = std::uint64_t{x.bounds.bytes_max};
  if (x.is == type::id || x.is == type::user) {
    least = 1;
    most = limits::identifier_bytes_max;
  }
  if (least > 0) out["minLength"] = least;
  if (most != edge::bytes_unbounded) out["maxLength"] = most;
  if (most != edge::bytes_unbounded && x.is != type::bytes) out["x-bytes-max"] = most;
  if (x.is == type::bytes) out["x-msgpack"] = "bin";
  if (x.bounds.has == edge::form::mxc) out["pattern"] = "^mxc://[^/]+/[A-Za-z0-9_-]+$";
  if (x.bounds.has == edge::form::media_type) out["pattern"] = "^[^/ ]+/[^/ ]+";
  if (x.bounds.has == edge::form::server_pattern) out["pattern"] = "^([*][.])?[^*/ ]+$";
  if (!x.words.empty()) {
    auto words = node::list();
    for (const auto& word : x.words) words.push_back(word);
    out["enum"] = std::move(words);
  }
  return out;
}

node number_schema(const field_description& x) {
  node out{{"type", "integer"}};
  if (!x.is_signed) out["minimum"] = x.bounds.least;
  if (x.bounds.most != edge::number_unbounded) out["maximum"] = x.bounds.most;
  if (x.bounds.most == edge::number_unbounded) out["format"] = x.is_signed ? "int64" : "uint64";
  return out;
}

node value_schema(const field_description& x) {
  switch (x.is) {
  case type::text:
  case type::id:
  case type::user:
  case type::bytes:
  case type::word: return text_schema(x);
  case type::boolean: return {{"type", "boolean"}};
  case type::number: return number_schema(x);
  case type::map: return schema_reference(x.inner->name);
  case type::texts_by_text:
  case type::numbers_by_text: break;
  }
  node out{{"type", "object"}};
  if (x.bounds.entries_max != edge::bytes_unbounded) out["maxProperties"] = std::uint64_t{x.bounds.entries_max};
  if (x.is == type::numbers_by_text) out["additionalProperties"] = node{{"type", "integer"}, {"format", "int64"}};
  else {
    auto value = x;
    value.is = type::text;
    out["propertyNames"] = text_schema(value);
    out["additionalProperties"] = text_schema(value);
  }
  return out;
}

node field_schema(const field_description& x, bool from_peer) {
  auto out = value_schema(x);
  if (x.is_list) {
    node list{{"type", "array"}, {"items", std::move(out)}};
    if (x.bounds.entries_max != edge::bytes_unbounded) list["maxItems"] = std::uint64_t{x.bounds.entries_max};
    out = std::move(list);
  }
  if (from_peer && !x.required) out = {{"oneOf", node::list({std::move(out), node{{"type", "null"}}})}}; // nil: no key
  if (!x.says.empty() || (from_peer && !x.required && !x.by_default.empty())) {
    if (x.is == type::map && !x.is_list && x.required)
      out = {{"allOf", node::list({std::move(out)})}}; // nothing stands beside $ref
    if (!x.says.empty()) out["description"] = x.says;
    if (from_peer && !x.required && !x.by_default.empty()) out["default"] = node::plain(x.by_default);
  }
  return out;
}

/// @param from_peer  it is what the broker reads: what may be absent may be nil
node map_schema(const map_description& x, bool from_peer, const std::string& says = "") {
  node out{{"type", "object"}};
  if (!says.empty()) out["description"] = says;
  node properties;
  auto required = node::list();
  for (const auto& field : x.fields) {
    properties[field.key] = field_schema(field, from_peer);
    if (field.required) required.push_back(field.key);
  }
  if (!properties.empty()) out["properties"] = std::move(properties);
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

/// Names of what is not unique: both sides send SEEK, and `typing` is a command and an event.
std::string header_name(const verb_description& x) {
  return "header." + x.name + (x.name == "SEEK" ? "." + x.from : "");
}

node schemas() {
  node out;
  for (const auto& x : described_verbs()) out[header_name(x)] = map_schema(x.header, x.from != "broker");
  for (const auto* x : described_maps()) out[x->name] = map_schema(*x, x->name == "file" || x->name == "bindings");
  out["acknowledgement"] = map_schema(described_acknowledgement(), true);
  auto fault = map_schema(described_fault(), false);
  auto codes = node::list();
  for (int number = 1; number < 1'000; ++number)
    if (const auto& row = info(static_cast<fault_code>(number)); static_cast<int>(row.code) == number)
      codes.push_back(std::string_view{row.name});
  fault["properties"]["code"]["x-known"] = std::move(codes); // a newer broker may have more
  out["fault"] = std::move(fault);
  for (const auto& x : described_commands()) out["command." + x.name] = map_schema(x.body, true, x.says);
  for (const auto* x : described_answers()) out["answer." + x->name] = map_schema(*x, false);
  for (const auto& x : described_events()) out["event." + x.name] = map_schema(x.body, false, x.says);
  return out;
}

node message(const std::string& name, const std::string& title, const std::string& verb, char byte, node headers,
             node payload) {
  return {{"name", name},
          {"title", title},
          {"contentType", "application/msgpack"},
          {"headers", std::move(headers)},
          {"payload", std::move(payload)},
          {"x-zeromq", node{{"verb", verb}, {"byte", std::string(1, byte)}}}};
}

/// A header one key of which is known.
node header_with(const std::string& schema, const char* key, const std::string& value) {
  return {{"allOf", node::list({schema_reference(schema),
                                node{{"type", "object"}, {"properties", node{{key, node{{"const", value}}}}}}})}};
}

node correlated(node x) {
  x["correlationId"] = node{{"location", "$message.header#/id"}};
  return x;
}

node messages() {
  node out;
  const auto command_byte = static_cast<char>(edge::verb::command);
  const auto result_byte = static_cast<char>(edge::verb::result);
  for (const auto& x : described_commands())
    out["command." + x.name] =
      correlated(message(x.name, "COMMAND " + x.name, "COMMAND", command_byte,
                         header_with("header.COMMAND", "command", x.name), schema_reference("command." + x.name)));
  for (const auto* x : described_answers())
    out["result." + x->name] =
      correlated(message("result." + x->name, "RESULT " + x->name, "RESULT", result_byte,
                         schema_reference("header.RESULT"), schema_reference("answer." + x->name)));
  out["result.fault"] = correlated(message("result.fault", "RESULT fault", "RESULT", result_byte,
                                           schema_reference("header.RESULT"), schema_reference("fault")));
  for (const auto& x : described_events())
    out["event." + x.name] = message(x.name, "EVENT " + x.name, "EVENT", static_cast<char>(edge::verb::event),
                                     header_with("header.EVENT", "event", x.name), schema_reference("event." + x.name));
  for (const auto& x : described_verbs()) {
    if (x.name == "COMMAND" || x.name == "RESULT" || x.name == "EVENT") continue;
    const auto payload = x.name == "ACK" ? "acknowledgement" : x.name == "ERROR" ? "fault" : "nothing";
    out["verb" + header_name(x).substr(6)] =
      message(x.name, x.name + " from " + (x.from == "both" ? "either side" : "the " + x.from), x.name, x.byte,
              schema_reference(header_name(x)),
              payload == std::string_view{"nothing"} ? node{{"type", "null"}} : schema_reference(payload));
  }
  return out;
}

node message_reference(const std::string& name) { return reference("#/components/messages/" + name); }

node channels() {
  node out;
  const auto servers = node::list({reference("#/servers/local"), reference("#/servers/network")});
  const auto channel = [&](const std::string& address, const std::string& says, node all) {
    return node{{"address", address}, {"description", says}, {"servers", servers}, {"messages", std::move(all)}};
  };
  for (const auto& x : described_commands())
    out["command." + x.name] = channel(x.name, "COMMANDs of this name, and their RESULTs.",
                                       {{"command", message_reference("command." + x.name)},
                                        {"result", message_reference("result." + x.answer.name)},
                                        {"fault", message_reference("result.fault")}});
  for (const auto& x : described_events())
    out["event." + x.name] =
      channel(x.name, std::string{"EVENTs of this name, "} + (x.is_durable ? "durable." : "ephemeral."),
              {{"event", message_reference("event." + x.name)}});
  node connection;
  for (const auto& x : described_verbs())
    if (x.name != "COMMAND" && x.name != "RESULT" && x.name != "EVENT") {
      const auto name = header_name(x).substr(7);
      connection[name] = message_reference("verb." + name);
    }
  out["connection"] = node{{"address", node::plain("null")},
                           {"description", "What begins, ends and paces a connection."},
                           {"servers", servers},
                           {"messages", std::move(connection)}};
  return out;
}

node operations() {
  node out;
  const auto of_channel = [](const std::string& channel, const std::string& message) {
    return reference("#/channels/" + channel + "/messages/" + message);
  };
  for (const auto& x : described_commands()) {
    const auto channel = "command." + x.name;
    const bool is_query = x.name.starts_with("query.") || x.name == "media.get";
    node operation{
      {"action", "receive"},
      {"channel", reference("#/channels/" + channel)},
      {"title", x.name},
      {"description", x.says},
      {"tags", node::list({node{{"name", is_query ? "query" : "command"}}})},
      {"messages", node::list({of_channel(channel, "command")})},
      {"reply", node{{"channel", reference("#/channels/" + channel)},
                     {"messages", node::list({of_channel(channel, "result"), of_channel(channel, "fault")})}}}};
    node faults;
    for (const auto& each : x.faults) faults[info(each.code).name] = each.says;
    if (!faults.empty()) operation["x-faults"] = std::move(faults);
    out[channel] = std::move(operation);
  }
  for (const auto& x : described_events()) {
    const auto channel = "event." + x.name;
    out[channel] = {
      {"action", "send"},
      {"channel", reference("#/channels/" + channel)},
      {"title", x.name},
      {"description", x.says},
      {"tags", node::list({node{{"name", "notification"}}, node{{"name", x.is_durable ? "durable" : "ephemeral"}}})},
      {"messages", node::list({of_channel(channel, "event")})}};
  }
  for (const bool is_received : {true, false}) {
    auto all = node::list();
    for (const auto& x : described_verbs())
      if (x.name != "COMMAND" && x.name != "RESULT" && x.name != "EVENT" && x.from != (is_received ? "broker" : "peer"))
        all.push_back(of_channel("connection", header_name(x).substr(7)));
    out[is_received ? "connection.receive" : "connection.send"] = {{"action", is_received ? "receive" : "send"},
                                                                   {"channel", reference("#/channels/connection")},
                                                                   {"messages", std::move(all)}};
  }
  return out;
}

node servers() {
  return {
    {"local", node{{"host", "/run/causeway/chat.sock"},
                   {"protocol", "zmtp+ipc"},
                   {"protocolVersion", "3.1"},
                   {"description", "edge.chat_endpoints; a socket file of mode 0600, no keys."}}},
    {"network", node{{"host", "{host}:{port}"},
                     {"protocol", "zmtp+tcp"},
                     {"protocolVersion", "3.1"},
                     {"description", "edge.chat_endpoints; other machines need CURVE keys, loopback may do without."},
                     {"variables", node{{"host", node{{"default", "127.0.0.1"}}}, {"port", node{{"default", "9001"}}}}},
                     {"security", node::list({reference("#/components/securitySchemes/curve")})}}}};
}

/// What AsyncAPI has no words for.
node transport() {
  node verbs;
  for (const auto& x : described_verbs())
    verbs[header_name(x).substr(7)] = {
      {"byte", std::string(1, x.byte)}, {"from", x.from}, {"header", schema_reference(header_name(x))}};
  auto frames = node::list();
  frames.push_back({{"name", "magic"}, {"value", std::string{edge::magic}}});
  frames.push_back({{"name", "verb"}, {"bytes", std::uint64_t{1}}, {"description", "The byte of one of `verbs`."}});
  frames.push_back({{"name", "header"},
                    {"encoding", "msgpack map; empty: an empty map"},
                    {"bytes-max", std::uint64_t{edge::header_bytes_max}},
                    {"description", "The message's `headers`. Unknown keys are ignored."}});
  frames.push_back(
    {{"name", "body"}, {"encoding", "msgpack map, or nothing"}, {"description", "The message's `payload`."}});
  return {
    {"sockets", node{{"broker", node{{"type", "ROUTER"}, {"binds", true}}},
                     {"peer", node{{"type", "DEALER"},
                                   {"connects", true},
                                   {"options", node{{"LINGER", std::uint64_t{0}}, {"IMMEDIATE", std::uint64_t{1}}}},
                                   {"routing-id", "left to ZeroMQ"}}}}},
    {"frames", std::move(frames)},
    {"message-bytes-max", std::uint64_t{limits::chat_frame_bytes_max}},
    {"body-levels-max", std::uint64_t{limits::msgpack_depth_max}},
    {"body-values-max", std::uint64_t{edge::packed_values_max}},
    {"strings", "msgpack str in UTF-8; nil is the same as no key"},
    {"verbs", std::move(verbs)}};
}

} // namespace

std::string asyncapi() {
  node out;
  out["asyncapi"] = "3.0.0";
  out["id"] = "urn:causeway:chat:" + std::to_string(edge::contract_version);
  out["info"] = {
    {"title", "Causeway chat contract"},
    {"version", std::to_string(edge::contract_version) + ".0.0"},
    {"description",
     "What a chat server and Causeway (the broker, the application of this document) say to each other over "
     "ZeroMQ. CONTRACT.md beside this file has the rules: connections, credit, cursors, names, faults. Minor "
     "versions only add keys, commands and events: ignore what you do not know. Printed by `causeway contract "
     "asyncapi` from the structs of the codec; do not edit."},
    {"license", node{{"name", "Apache-2.0"}}}};
  out["defaultContentType"] = "application/msgpack";
  out["servers"] = servers();
  out["channels"] = channels();
  out["operations"] = operations();
  out["components"] = {
    {"messages", messages()},
    {"schemas", schemas()},
    {"securitySchemes",
     node{{"curve",
           node{{"type", "asymmetricEncryption"},
                {"description", "CURVE (ZMTP): the broker's public key, and a key pair whose public half stands in "
                                "[[edge.peers]] with name and role chat."}}}}}};
  out["x-zeromq"] = transport();
  return out.print();
}

} // namespace causeway::chat
