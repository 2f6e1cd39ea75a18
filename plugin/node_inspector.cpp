#include "plugin/node_inspector.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/node_figures.hpp"
#include "plugin/private_files.hpp"

#include <utility>

namespace causeway {

result<std::string> read_web_token(const std::string& path) {
  if (path.empty()) return std::string{};
  auto text = read_secret_file(path);
  if (!text) return fault{text.error().code, "admin.web_token_file: " + text.error().detail};
  while (!text->empty() && std::string_view{" \t\r\n"}.find(text->back()) != std::string_view::npos) text->pop_back();
  if (text->size() < config::web_token_bytes_min)
    return fault{fault_code::invalid_param, "admin.web_token_file: the token has less than " +
                                              std::to_string(config::web_token_bytes_min) +
                                              " bytes; `openssl rand -hex 32` makes a good one"};
  return std::move(*text);
}

result<std::unique_ptr<node_inspector>> node_inspector::open(const config::options& options, inspected_node node) {
  auto secret = read_web_token(options.admin.web_token_file);
  if (!secret) return secret.error();
  std::unique_ptr<node_inspector> made(new node_inspector);
  made->gatherer_ = std::make_shared<gatherer>(std::move(node));
  made->server_ = std::make_unique<inspector::web_server>(
    inspector::web_settings{options.admin.web_address(), std::move(*secret), options.admin.web_hosts}, made->gatherer_);
  if (auto started = made->server_->start(); !started) return started.error();
  const auto wanted = options.admin.web_address();
  made->address_ = wanted.substr(0, wanted.rfind(':') + 1) + std::to_string(made->server_->port());
  return made;
}

node_inspector::~node_inspector() { stop(); }

void node_inspector::maintenance_ran() { gatherer_->maintenance_ran(); }

void node_inspector::stop() {
  if (server_) server_->stop();
}

} // namespace causeway
