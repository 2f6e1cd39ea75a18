#include "plugin/causeway.h"

#include "config/loader.hpp"
#include "plugin/node.hpp"
#include "plugin/version.hpp"

#include <exception>
#include <string>

struct causeway_node {
  std::unique_ptr<causeway::node> broker;
  std::string endpoint, server_name;
};

namespace {

thread_local std::string last_error;

causeway_node* start(causeway::config::sources sources) {
  last_error.clear();
  // Nothing may be thrown through C.
  try {
    sources.environment = causeway::config::process_environment();
    auto options = causeway::config::load(sources);
    if (!options) {
      last_error = to_string(options.error());
      return nullptr;
    }
    auto broker = causeway::node::start(*options);
    if (!broker) {
      last_error = to_string(broker.error());
      return nullptr;
    }
    auto endpoints = (*broker)->chat_endpoints();
    auto name = (*broker)->server_name();
    return new causeway_node{std::move(*broker), endpoints.empty() ? std::string{} : endpoints.front(),
                             std::move(name)};
  } catch (const std::exception& e) {
    last_error = e.what();
  } catch (...) {
    last_error = "unknown exception";
  }
  return nullptr;
}

} // namespace

extern "C" {

causeway_node* causeway_start(const char* config_path) {
  causeway::config::sources s;
  s.file = config_path ? config_path : "";
  return start(std::move(s));
}

causeway_node* causeway_start_text(const char* toml) {
  causeway::config::sources s;
  s.text = toml ? toml : "";
  return start(std::move(s));
}

const char* causeway_endpoint(const causeway_node* node) { return node ? node->endpoint.c_str() : ""; }
const char* causeway_server_name(const causeway_node* node) { return node ? node->server_name.c_str() : ""; }

void causeway_stop(causeway_node* node) {
  last_error.clear();
  try {
    delete node;
  } catch (const std::exception& e) {
    last_error = e.what();
  } catch (...) {
    last_error = "unknown exception";
  }
}

const char* causeway_last_error(void) { return last_error.c_str(); }

const char* causeway_version(void) {
  static const std::string text{causeway::version()};
  return text.c_str();
}

} // extern "C"
