#include "plugin/node_files.hpp"

#include <utility>

namespace causeway {

status node_files::open(const config::options& options, std::int64_t incarnation) {
  media::media_place at{options.media_path()};
  if (options.media.backend == config::media_backend::postgresql) {
    at.database = options.store.url;
    at.incarnation = incarnation;
  }
  auto opened = media::media_service::open(options.node.server_name, at, options.media, *this);
  if (!opened) return opened.error();
  service_ = std::move(*opened);
  outside_.files = service_.get();
  outside_.gateways->handle_streams(*this);
  return ok();
}

void node_files::stop() {
  if (service_) service_->stop();
}

void node_files::deliver(const address& to, message x) { outside_.router->deliver(to, std::move(x)); }

void node_files::answer(const std::string& gateway, gateway::federation_answer x) {
  outside_.gateways->send(gateway, x);
}

void node_files::grant_credit(gateway::stream_credit x) { outside_.gateways->send(x); }

void node_files::fetch(gateway::http_request x, std::function<void(gateway::http_answer)> done) {
  outside_.gateways->send(std::move(x), std::move(done));
}

void node_files::log_error(const std::string& what, const fault& why) {
  log_.write(note{log_level::error, what, {{"why", to_string(why)}}}, {actor_kind::media, ""});
}

void node_files::alarm(const std::string& why) { standing_.set("media", why, outside_.now()); }

} // namespace causeway
