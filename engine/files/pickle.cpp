#include "engine/files/pickle.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include "engine/core/error.h"
#include "engine/files/pickle_classes.h"

namespace loom {
namespace {

using Kind = PickleValue::Kind;

// Opcodes, by the names that Python's pickletools gives them.
enum Op : uint8_t {
  MARK = '(',
  STOP = '.',
  POP = '0',
  POP_MARK = '1',
  DUP = '2',
  FLOAT = 'F',
  INT = 'I',
  BININT = 'J',
  BININT1 = 'K',
  LONG = 'L',
  BININT2 = 'M',
  NONE = 'N',
  BINPERSID = 'Q',
  REDUCE = 'R',
  STRING = 'S',
  BINSTRING = 'T',
  SHORT_BINSTRING = 'U',
  UNICODE_ = 'V',
  BINUNICODE = 'X',
  APPEND = 'a',
  BUILD = 'b',
  GLOBAL = 'c',
  DICT = 'd',
  EMPTY_DICT = '}',
  APPENDS = 'e',
  GET = 'g',
  BINGET = 'h',
  INST = 'i',
  LONG_BINGET = 'j',
  LIST = 'l',
  EMPTY_LIST = ']',
  OBJ = 'o',
  PUT = 'p',
  BINPUT = 'q',
  LONG_BINPUT = 'r',
  SETITEM = 's',
  TUPLE = 't',
  EMPTY_TUPLE = ')',
  SETITEMS = 'u',
  BINFLOAT = 'G',
  BINBYTES = 'B',
  SHORT_BINBYTES = 'C',
  PROTO = 0x80,
  NEWOBJ = 0x81,
  TUPLE1 = 0x85,
  TUPLE2 = 0x86,
  TUPLE3 = 0x87,
  NEWTRUE = 0x88,
  NEWFALSE = 0x89,
  LONG1 = 0x8a,
  LONG4 = 0x8b,
  SHORT_BINUNICODE = 0x8c,
  BINUNICODE8 = 0x8d,
  BINBYTES8 = 0x8e,
  EMPTY_SET = 0x8f,
  ADDITEMS = 0x90,
  FROZENSET = 0x91,
  NEWOBJ_EX = 0x92,
  STACK_GLOBAL = 0x93,
  MEMOIZE = 0x94,
  FRAME = 0x95,
  BYTEARRAY8 = 0x96,
};

/// The pickle machine: a stack, marks on it, and a memo. It never recurses, so depth costs it nothing.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, PickleLimits limits, Pickle& pickle)
      : bytes_(bytes), limits_(limits), pickle_(pickle), classes_(pickle, limits, bytes.size()) {}

  void read() {
    for (int64_t count = 0;; ++count) {
      if (count == limits_.operations)
        throw Error("takes more than " + std::to_string(limits_.operations) + " steps");
      const uint8_t op = number<uint8_t>();
      if (op == STOP) break;
      if (!scalar(op) && !structure(op) && !memo(op) && !object(op))
        throw Error("uses the instruction " + std::to_string(op) + " at byte " + std::to_string(at_ - 1) +
                    ", which weight files have no need of");
    }
    pickle_.root = pop();
    pickle_.bytes = at_;
  }

 private:
  // --- the bytes ---
  std::string_view take(uint64_t count) {
    if (count > bytes_.size() - at_) throw Error("ends in the middle of an instruction");
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_, count);
    at_ += count;
    return text;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + at_, bytes_.size() - at_);
    const size_t end = rest.find('\n');
    if (end == rest.npos) throw Error("ends in the middle of an instruction");
    at_ += end + 1;
    return rest.substr(0, end);
  }
  template <class T>
  T parsed(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{})
      throw Error("holds \"" + std::string(text.substr(0, 40)) + "\", which is no number");
    return value;
  }

  // --- the stack ---
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  void push(PickleValue* value) { stack_.push_back(value); }
  PickleValue* pop() {
    PickleValue* value = top();
    stack_.pop_back();
    return value;
  }
  PickleValue* top() const {
    if (stack_.size() <= floor()) throw Error("takes a value that it did not give");
    return stack_.back();
  }
  std::vector<PickleValue*> popToMark() {
    if (marks_.empty()) throw Error("closes a group that it did not open");
    std::vector<PickleValue*> items(stack_.begin() + static_cast<ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  void pushTuple(std::vector<PickleValue*> items) {
    PickleValue* tuple = classes_.make(Kind::tuple);
    tuple->items = std::move(items);
    push(tuple);
  }
  void pushText(Kind kind, std::string_view text) { push(classes_.makeText(kind, text)); }
  void pushInteger(int64_t value) { push(classes_.makeInteger(value)); }
  void pushReal(double value) {
    PickleValue* real = classes_.make(Kind::real);
    real->real = value;
    push(real);
  }
  void pushBool(bool value) {
    PickleValue* boolean = classes_.make(Kind::boolean);
    boolean->integer = value;
    push(boolean);
  }
  /// A little-endian two's complement integer of any length; one beyond 64 bits is of no use to us.
  void pushLong(std::string_view digits) {
    if (digits.size() > 8) return push(classes_.makeText(Kind::opaque, "int"));
    int64_t value = !digits.empty() && static_cast<int8_t>(digits.back()) < 0 ? -1 : 0;
    std::memcpy(&value, digits.data(), digits.size());
    pushInteger(value);
  }

  bool scalar(uint8_t op) {
    switch (op) {
      case NONE:
        push(classes_.make(Kind::none));
        return true;
      case NEWTRUE:
        pushBool(true);
        return true;
      case NEWFALSE:
        pushBool(false);
        return true;
      case BININT:
        pushInteger(number<int32_t>());
        return true;
      case BININT1:
        pushInteger(number<uint8_t>());
        return true;
      case BININT2:
        pushInteger(number<uint16_t>());
        return true;
      case LONG1:
        pushLong(take(number<uint8_t>()));
        return true;
      case LONG4:
        pushLong(take(number<uint32_t>()));
        return true;
      case BINFLOAT:  // the one big-endian number
        pushReal(std::bit_cast<double>(__builtin_bswap64(number<uint64_t>())));
        return true;
      case BINUNICODE:
        pushText(Kind::text, take(number<uint32_t>()));
        return true;
      case SHORT_BINUNICODE:
        pushText(Kind::text, take(number<uint8_t>()));
        return true;
      case BINUNICODE8:
        pushText(Kind::text, take(number<uint64_t>()));
        return true;
      case BINSTRING:
        pushText(Kind::text, take(number<uint32_t>()));
        return true;
      case SHORT_BINSTRING:
        pushText(Kind::text, take(number<uint8_t>()));
        return true;
      case BINBYTES:
        pushText(Kind::bytes, take(number<uint32_t>()));
        return true;
      case SHORT_BINBYTES:
        pushText(Kind::bytes, take(number<uint8_t>()));
        return true;
      case BINBYTES8:
      case BYTEARRAY8:
        pushText(Kind::bytes, take(number<uint64_t>()));
        return true;
      default:
        return textual(op);
    }
  }
  /// Protocol 0 writes its scalars as lines of text.
  bool textual(uint8_t op) {
    switch (op) {
      case INT: {
        const std::string_view text = line();
        if (text == "00" || text == "01")
          pushBool(text == "01");
        else
          pushInteger(parsed<int64_t>(text));
        return true;
      }
      case LONG:
        pushInteger(parsed<int64_t>(line()));
        return true;
      case FLOAT:
        pushReal(parsed<double>(line()));
        return true;
      case STRING: {
        const std::string_view text = line();
        pushText(Kind::text, text.size() < 2 ? text : text.substr(1, text.size() - 2));
        return true;
      }
      case UNICODE_:
        pushText(Kind::text, line());
        return true;
      default:
        return false;
    }
  }

  bool structure(uint8_t op) {
    switch (op) {
      case PROTO:
        if (number<uint8_t>() > 5) throw Error("is of a protocol that is not known");
        return true;
      case FRAME:
        number<uint64_t>();
        return true;
      case MARK:
        marks_.push_back(stack_.size());
        return true;
      case POP:
        stack_.size() > floor() ? void(pop()) : void(popToMark());
        return true;
      case POP_MARK:
        popToMark();
        return true;
      case DUP:
        push(top());
        return true;
      case EMPTY_LIST:
        push(classes_.make(Kind::list));
        return true;
      case EMPTY_TUPLE:
        push(classes_.make(Kind::tuple));
        return true;
      case EMPTY_DICT:
        push(classes_.make(Kind::dict));
        return true;
      case EMPTY_SET:
        push(classes_.make(Kind::set));
        return true;
      case LIST:
      case FROZENSET:
      case DICT: {
        auto items = popToMark();
        PickleValue* made = classes_.make(op == LIST ? Kind::list : op == DICT ? Kind::dict : Kind::set);
        op == DICT ? classes_.setItems(*made, items) : classes_.append(*made, items);
        push(made);
        return true;
      }
      case TUPLE:
        pushTuple(popToMark());
        return true;
      case TUPLE1:
        pushTuple({pop()});
        return true;
      case TUPLE2:
      case TUPLE3: {
        std::vector<PickleValue*> items(op == TUPLE2 ? 2 : 3);
        for (size_t i = items.size(); i-- > 0;) items[i] = pop();
        pushTuple(std::move(items));
        return true;
      }
      default:
        return items(op);
    }
  }
  bool items(uint8_t op) {
    switch (op) {
      case APPEND: {
        PickleValue* item = pop();
        classes_.append(*top(), {&item, 1});
        return true;
      }
      case APPENDS:
      case ADDITEMS: {
        const auto items = popToMark();
        classes_.append(*top(), items);
        return true;
      }
      case SETITEM: {
        PickleValue* value = pop();
        PickleValue* pair[] = {pop(), value};
        classes_.setItems(*top(), pair);
        return true;
      }
      case SETITEMS: {
        const auto items = popToMark();
        classes_.setItems(*top(), items);
        return true;
      }
      default:
        return false;
    }
  }

  bool memo(uint8_t op) {
    switch (op) {
      case PUT:
        memo_[parsed<uint32_t>(line())] = top();
        return true;
      case BINPUT:
        memo_[number<uint8_t>()] = top();
        return true;
      case LONG_BINPUT:
        memo_[number<uint32_t>()] = top();
        return true;
      case MEMOIZE:
        memo_[static_cast<uint32_t>(memo_.size())] = top();
        return true;
      case GET:
        push(recall(parsed<uint32_t>(line())));
        return true;
      case BINGET:
        push(recall(number<uint8_t>()));
        return true;
      case LONG_BINGET:
        push(recall(number<uint32_t>()));
        return true;
      default:
        return false;
    }
  }
  PickleValue* recall(uint32_t place) const {
    const auto found = memo_.find(place);
    if (found == memo_.end()) throw Error("refers to a value that it did not give");
    return found->second;
  }

  bool object(uint8_t op) {
    switch (op) {
      case GLOBAL:
        pushGlobal();
        return true;
      case STACK_GLOBAL: {
        const PickleValue* name = pop();
        const PickleValue* module = pop();
        pushText(Kind::global, module->text + "." + name->text);
        return true;
      }
      case REDUCE:
      case NEWOBJ: {
        PickleValue* arguments = pop();
        push(classes_.call(pop(), arguments));
        return true;
      }
      case NEWOBJ_EX: {
        pop();  // keyword arguments
        PickleValue* arguments = pop();
        push(classes_.call(pop(), arguments));
        return true;
      }
      case INST: {
        pushGlobal();
        PickleValue* callable = pop();
        pushTuple(popToMark());
        push(classes_.call(callable, pop()));
        return true;
      }
      case OBJ: {
        auto items = popToMark();
        if (items.empty()) throw Error("makes an object of no class");
        PickleValue* callable = items.front();
        items.erase(items.begin());
        pushTuple(std::move(items));
        push(classes_.call(callable, pop()));
        return true;
      }
      case BUILD: {
        PickleValue* state = pop();
        classes_.setState(*top(), state);
        return true;
      }
      case BINPERSID:
        push(classes_.persistent(pop()));
        return true;
      default:
        return false;
    }
  }
  void pushGlobal() {
    std::string_view module = line();
    const std::string_view name = line();
    if (module == "__builtin__") module = "builtins";  // Python 2's names, which protocol 2 writes
    if (module == "copy_reg") module = "copyreg";
    pushText(Kind::global, std::string(module) + "." + std::string(name));
  }

  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  PickleLimits limits_;
  Pickle& pickle_;
  PickleClasses classes_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint32_t, PickleValue*> memo_;
};

}  // namespace

Pickle parsePickle(std::span<const std::byte> bytes, PickleLimits limits) {
  Pickle pickle;
  Reader(bytes, limits, pickle).read();
  return pickle;
}

}  // namespace loom
