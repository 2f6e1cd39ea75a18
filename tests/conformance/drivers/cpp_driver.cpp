// The C++ client, driven by the conformance kit: JSON lines in, JSON lines out. With `typed` in a request the body goes
// through the structs of the contract both ways.
#include "causeway_client.hpp"

#include <msgpack.hpp>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sodium.h>

#include <iostream>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace causeway;
using std::chrono::milliseconds;
using json_writer = rapidjson::Writer<rapidjson::StringBuffer>;
using packer = msgpack::packer<msgpack::sbuffer>;

constexpr const char* bytes_key = "$bytes";

std::string from_base64(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr,
                        &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
    throw std::runtime_error{"no base64"};
  out.resize(size);
  return out;
}

std::string to_base64(std::string_view raw) {
  std::string out(sodium_base64_encoded_len(raw.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(raw.data()), raw.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back(); // its zero
  return out;
}

void pack(packer& to, const rapidjson::Value& x);

void pack_object(packer& to, const rapidjson::Value& x) {
  if (x.MemberCount() == 1 && x.HasMember(bytes_key)) {
    const auto raw = from_base64(x[bytes_key].GetString());
    to.pack_bin(static_cast<std::uint32_t>(raw.size()));
    to.pack_bin_body(raw.data(), static_cast<std::uint32_t>(raw.size()));
    return;
  }
  to.pack_map(x.MemberCount());
  for (const auto& member : x.GetObject()) {
    pack(to, member.name);
    pack(to, member.value);
  }
}

void pack(packer& to, const rapidjson::Value& x) {
  if (x.IsObject()) return pack_object(to, x);
  if (x.IsArray()) {
    to.pack_array(x.Size());
    for (const auto& each : x.GetArray()) pack(to, each);
  } else if (x.IsString()) {
    to.pack_str(x.GetStringLength());
    to.pack_str_body(x.GetString(), x.GetStringLength());
  } else if (x.IsBool()) {
    to.pack(x.GetBool());
  } else if (x.IsInt64()) {
    to.pack(x.GetInt64());
  } else if (x.IsUint64()) {
    to.pack(x.GetUint64());
  } else if (x.IsDouble()) {
    to.pack(x.GetDouble());
  } else {
    to.pack_nil();
  }
}

std::string packed(const rapidjson::Value& x) {
  msgpack::sbuffer out;
  packer to{out};
  pack(to, x);
  return {out.data(), out.size()};
}

void write(json_writer& to, const msgpack::object& x) {
  switch (x.type) {
  case msgpack::type::BOOLEAN: to.Bool(x.via.boolean); return;
  case msgpack::type::POSITIVE_INTEGER: to.Uint64(x.via.u64); return;
  case msgpack::type::NEGATIVE_INTEGER: to.Int64(x.via.i64); return;
  case msgpack::type::FLOAT32:
  case msgpack::type::FLOAT64: to.Double(x.via.f64); return;
  case msgpack::type::STR: to.String(x.via.str.ptr, x.via.str.size); return;
  case msgpack::type::BIN: {
    const auto text = to_base64({x.via.bin.ptr, x.via.bin.size});
    to.StartObject();
    to.Key(bytes_key);
    to.String(text.c_str());
    to.EndObject();
    return;
  }
  case msgpack::type::ARRAY:
    to.StartArray();
    for (std::uint32_t i = 0; i < x.via.array.size; ++i) write(to, x.via.array.ptr[i]);
    to.EndArray();
    return;
  case msgpack::type::MAP:
    to.StartObject();
    for (std::uint32_t i = 0; i < x.via.map.size; ++i) {
      to.Key(x.via.map.ptr[i].key.via.str.ptr, x.via.map.ptr[i].key.via.str.size);
      write(to, x.via.map.ptr[i].val);
    }
    to.EndObject();
    return;
  default: to.Null(); return;
  }
}

void write_packed(json_writer& to, const std::string& body) {
  if (body.empty()) {
    to.StartObject();
    to.EndObject();
    return;
  }
  const auto x = msgpack::unpack(body.data(), body.size());
  write(to, x.get());
}

/// What a request ends with instead of a result.
struct refused {
  fault why;
  std::string id; ///< of a command that timed out
};

const char* text_of(const rapidjson::Value& from, const char* key, const char* otherwise = "") {
  return from.HasMember(key) && from[key].IsString() ? from[key].GetString() : otherwise;
}

template <class T>
T value_of(result<T>&& x) {
  if (!x) throw refused{x.error(), {}};
  return std::move(*x);
}

std::map<std::string, std::string> texts(const rapidjson::Value& from, const char* key) {
  std::map<std::string, std::string> out;
  if (from.HasMember(key) && from[key].IsObject())
    for (const auto& member : from[key].GetObject()) out[member.name.GetString()] = member.value.GetString();
  return out;
}

/// A notification after it went through its struct; as it came, where this version has none.
std::string through_struct(const client::event& x) {
  if (!x.stream) {
    const auto body = client::decode_ephemeral(x.name, x.body);
    return body ? std::visit([](const auto& one) { return chat::encode(one); }, *body) : x.body;
  }
  return chat::encode(value_of(chat::decode_notification(x.name, x.body)));
}

class driver {
public:
  void run() {
    for (std::string line; std::getline(std::cin, line);) {
      auto request = std::make_shared<rapidjson::Document>();
      request->Parse(line.c_str());
      const std::string_view what = text_of(*request, "do");
      const bool waits =
        what == "command" || what == "connected" || what == "next" || what == "upload" || what == "download";
      if (waits) threads_.emplace_back([this, request] { carry_out(*request); });
      else carry_out(*request);
    }
    client_.reset();
    for (auto& each : threads_) each.join();
  }

private:
  using request = rapidjson::Value;

  void carry_out(const request& x) {
    rapidjson::StringBuffer out;
    json_writer to{out};
    to.StartObject();
    to.Key("n");
    to.Int64(x["n"].GetInt64());
    try {
      rapidjson::StringBuffer body;
      json_writer result{body};
      answer(text_of(x, "do"), x, result);
      to.Key("result");
      to.RawValue(body.GetString(), body.GetSize(), rapidjson::kObjectType);
    } catch (const refused& why) {
      to.Key("error");
      write_refusal(to, why);
    }
    to.EndObject();
    const std::lock_guard lock{output_};
    std::cout << out.GetString() << std::endl;
  }

  static void write_refusal(json_writer& to, const refused& x) {
    const auto& row = info(x.why.code);
    const bool timed_out = x.why.code == fault_code::timed_out;
    to.StartObject();
    to.Key("kind");
    to.String(timed_out ? "timeout" : "refused");
    to.Key("id");
    to.String(x.id.c_str());
    to.Key("code");
    to.String(std::string{row.name}.c_str());
    to.Key("detail");
    to.String(x.why.detail.c_str());
    to.Key("retryable");
    to.Bool(row.retryable);
    to.EndObject();
  }

  void answer(const std::string& what, const request& x, json_writer& to) {
    if (what == "command") return command(x, to);
    to.StartObject();
    if (what == "describe") {
      to.Key("client");
      to.String("C++");
      to.Key("features");
      to.StartArray();
      to.EndArray();
    } else if (what == "open") {
      open(x);
    } else if (what == "connected") {
      if (const auto done = client_->wait_connected(patience(x)); !done) throw refused{done.error(), {}};
    } else if (what == "ephemeral") {
      client_->send_ephemeral(value_of(chat::decode_command(text_of(x, "name"), packed(x["body"]))));
    } else if (what == "next") {
      next(x, to);
    } else if (what == "state") {
      state(to);
    } else if (what == "upload" || what == "download") {
      transfer(what, x, to);
    } else if (what == "close") {
      close();
    } else {
      settle(what, x);
    }
    to.EndObject();
  }

  static milliseconds patience(const request& x) { return milliseconds{x["timeout_ms"].GetInt64()}; }

  void open(const request& x) {
    client::options o;
    o.endpoint = text_of(x, "endpoint");
    o.peer = text_of(x, "peer");
    o.client = text_of(x, "client", o.client.c_str());
    if (x.HasMember("streams")) {
      o.streams.emplace();
      for (const auto& each : x["streams"].GetArray()) o.streams->push_back(each.GetUint());
    }
    if (x.HasMember("credit_messages")) o.credit_messages = x["credit_messages"].GetUint64();
    if (x.HasMember("credit_bytes")) o.credit_bytes = x["credit_bytes"].GetUint64();
    if (x.HasMember("curve")) {
      const auto& keys = x["curve"];
      o.curve = {text_of(keys, "server_key"), text_of(keys, "public_key"), text_of(keys, "secret_key")};
    }
    client_ = std::make_shared<client::client>(std::move(o));
  }

  void command(const request& x, json_writer& to) {
    const auto name = std::string{text_of(x, "name")};
    const auto own_id = std::string{text_of(x, "id")};
    const auto id = own_id.empty() ? client::client::new_id() : own_id;
    const bool typed = x.HasMember("typed");
    const auto body = packed(x["body"]);
    const auto trace =
      x.HasMember("traceparent") ? std::optional<std::string>{text_of(x, "traceparent")} : std::optional<std::string>{};
    const auto told = typed ? client_->command(value_of(chat::decode_command(name, body)), id, patience(x), trace)
                            : client_->command(name, body, id, patience(x), trace);
    if (!told) throw refused{told.error(), id};
    write_packed(to, typed ? chat::encode(value_of(client::decode_answer(name, *told))) : *told);
  }

  void next(const request& x, json_writer& to) {
    to.Key("event");
    const auto user = client_; // `close` may come while it waits
    const auto event = user->next_event(patience(x));
    if (!event) {
      to.Null();
      return;
    }
    std::size_t number = 0;
    {
      const std::lock_guard lock{events_mutex_};
      events_.push_back(*event);
      number = events_.size();
    }
    to.StartObject();
    to.Key("event_number");
    to.Uint64(number);
    to.Key("name");
    to.String(event->name.c_str());
    to.Key("stream");
    if (event->stream) to.Uint(*event->stream);
    else to.Null();
    to.Key("cursor");
    if (event->stream) to.Int64(event->cursor);
    else to.Null();
    to.Key("traceparent");
    if (event->traceparent) to.String(event->traceparent->c_str());
    else to.Null();
    to.Key("body");
    write_packed(to, x.HasMember("typed") ? through_struct(*event) : event->body);
    to.EndObject();
  }

  void settle(const std::string& what, const request& x) {
    if (what == "seek") return client_->seek(x["stream"].GetUint(), x["cursor"].GetInt64());
    client::event event;
    {
      const std::lock_guard lock{events_mutex_};
      event = events_.at(x["event"].GetUint64() - 1);
    }
    if (what == "nack") return client_->nack(event, x["permanent"].GetBool(), text_of(x, "reason"));
    if (what != "ack") throw refused{{fault_code::unknown_command, what}, {}};
    const auto why = client_->ack(event, {.rooms = texts(x, "rooms"), .messages = texts(x, "messages")});
    if (why.code != fault_code::none) throw refused{why, {}};
  }

  void transfer(const std::string& what, const request& x, json_writer& to) {
    if (what == "upload") {
      to.Key("mxc");
      const auto done = client_->upload(text_of(x, "path"), text_of(x, "content_type"), text_of(x, "upload_id"));
      if (!done) throw refused{done.error(), {}};
      to.String(done->c_str());
      return;
    }
    const auto about = value_of(client_->download(text_of(x, "mxc"), text_of(x, "path")));
    to.Key("total_bytes");
    to.Uint64(about.total_bytes);
    to.Key("content_type");
    to.String(about.content_type.c_str());
    to.Key("file_name");
    to.String(about.file_name.c_str());
  }

  void state(json_writer& to) {
    const auto [count, last] = client_->errors();
    to.Key("open_commands");
    to.Uint64(client_->open_commands());
    to.Key("unsent");
    to.Uint64(client_->unsent());
    to.Key("errors");
    to.StartObject();
    to.Key("count");
    to.Uint64(count);
    to.Key("last");
    if (count > 0) to.String(std::string{info(last.code).name}.c_str());
    else to.Null();
    to.EndObject();
    to.Key("ignored");
    to.StartArray();
    for (const auto& each : client_->ignored()) to.String(each.c_str());
    to.EndArray();
  }

  void close() { client_->close(); }

  std::shared_ptr<client::client> client_;
  std::vector<client::event> events_;
  std::mutex events_mutex_, output_;
  std::list<std::thread> threads_;
};

} // namespace

int main() {
  if (sodium_init() < 0) return 1;
  driver{}.run();
  return 0;
}
