// How people and CI reach closed resources from your network.

import { EndpointRow, Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. What the endpoints\' names begin with.')
param prefix string

@description('Required. Resource ID of the subnet they are in.')
param subnetId string

@description('Required. The endpoints.')
param endpoints EndpointRow[]

@description('Required. Resource IDs of what is reached, by name.')
param targets Texts

@description('Required. Names of the zones through which a part of a resource is resolved, by that part.')
param zones {
  @description('Required. Of each of them.')
  *: string[]
}

@description('Required. Resource IDs of the zones, by name; none where a policy registers the endpoints.')
param zoneIds Texts

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for item in endpoints: {
    name: '${prefix}-${item.name}'
    location: location
    tags: tags
    properties: {
      subnet: {
        id: subnetId
      }
      privateLinkServiceConnections: [
        {
          name: item.name
          properties: {
            privateLinkServiceId: targets[item.on]
            groupIds: [item.subresource]
          }
        }
      ]
    }
  }
]

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (item, index) in endpoints: if (!empty(zoneIds)) {
    parent: endpoint[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: map(zones[item.subresource], name => {
        name: name
        properties: {
          privateDnsZoneId: zoneIds[name]
        }
      })
    }
  }
]
