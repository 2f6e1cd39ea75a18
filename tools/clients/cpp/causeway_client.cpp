#include "causeway_client.hpp"

#include "session.hpp"

#include <sodium.h>

#include <utility>

namespace causeway::client {

client::client(options o) : impl_(std::make_unique<impl>(std::move(o))) {}
client::~client() = default;

void client::close() { impl_->close(); }

status client::wait_connected(std::chrono::milliseconds timeout) { return impl_->wait_connected(timeout); }

result<std::string> client::command(const std::string& name, const std::string& body, std::string id,
                                    std::chrono::milliseconds timeout, std::optional<std::string> traceparent) {
  if (id.empty()) id = new_id();
  return impl_->command(name, body, id, timeout, std::move(traceparent));
}

result<std::string> client::command(const chat::command& x, std::string id, std::chrono::milliseconds timeout,
                                    std::optional<std::string> traceparent) {
  return command(chat::name(x), chat::encode(x), std::move(id), timeout, std::move(traceparent));
}

void client::send_ephemeral(const chat::command& x) { impl_->send_ephemeral(x); }

std::string client::new_id() {
  unsigned char bytes[16];
  randombytes_buf(bytes, sizeof bytes);
  char text[2 * sizeof bytes + 1];
  sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
  return text;
}

std::optional<event> client::next_event(std::chrono::milliseconds timeout) { return impl_->next_event(timeout); }

fault client::ack(const event& x, const bindings& bind) { return impl_->ack(x, bind); }

void client::nack(const event& x, bool permanent, const std::string& reason) { impl_->nack(x, permanent, reason); }

void client::seek(std::uint32_t stream, std::int64_t cursor) { impl_->seek(stream, cursor); }

std::size_t client::open_commands() const { return impl_->open_commands(); }

std::size_t client::unsent() const { return impl_->unsent(); }

std::vector<std::string> client::ignored() const { return impl_->ignored(); }

std::pair<std::uint64_t, fault> client::errors() const { return impl_->errors(); }

} // namespace causeway::client
