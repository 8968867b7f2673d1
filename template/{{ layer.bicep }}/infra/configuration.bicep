// config/common.yml and config/<environment>.yml as one: section by section, a key of the environment's file replaces the
// same key of common.yml, null and lists included. For the .bicepparam files; Azure never sees this file.

@export()
@description('Return the configuration of one environment.')
#disable-next-line use-user-defined-types // a file has no type before it is read
func merged(common object, own object) object =>
  toObject(
    union(objectKeys(common), objectKeys(own)),
    section => section,
    section => shallowMerge([common[?section] ?? {}, own[?section] ?? {}])
  )

@export()
@description('Return tags without the one that names the environment, for resources that environments share.')
#disable-next-line use-user-defined-types // a file has no type before it is read
func shared(tags object) object =>
  toObject(filter(items(tags), tag => tag.key != 'environment'), tag => tag.key, tag => tag.value)
